//! The clocks: the only place of the front that reads the time.

use core::time::Duration;
use std::io;
use std::os::fd::OwnedFd;
use std::time::SystemTime;

use jiff::Timestamp;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A moment, as the time since the machine was booted; it goes on while the machine sleeps.
///
/// Keys expire by it. By `CLOCK_MONOTONIC`, which is what [`std::time::Instant`] reads, a key with a
/// lifetime of an hour would outlive a night in suspend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(Duration);

impl BootTime {
    /// Reads `CLOCK_BOOTTIME`.
    pub fn now() -> Self {
        let now = clock_gettime(ClockId::Boottime);
        Self(Duration::new(
            u64::try_from(now.tv_sec).unwrap_or(0),
            u32::try_from(now.tv_nsec).unwrap_or(0),
        ))
    }

    /// Takes a time since boot, for callers that are given one.
    pub const fn since_boot(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Returns the moment `wait` later; one too far away to be counted becomes the last there is.
    #[must_use]
    pub const fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }

    /// Returns the time from `earlier` to this moment, zero where it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    fn timespec(self) -> Timespec {
        Timespec {
            tv_sec: i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: self.0.subsec_nanos().into(),
        }
    }
}

/// Wakes a task at a [`BootTime`], also when that moment passed while the machine slept.
///
/// tokio's own timers stop in suspend, so they may not decide when a key is gone.
#[derive(Debug)]
pub struct Alarm {
    timer: AsyncFd<OwnedFd>,
}

impl Alarm {
    /// Makes an alarm that is not set.
    ///
    /// # Errors
    /// Those of `timerfd_create`. It has to be called inside a tokio runtime.
    #[expect(
        deprecated,
        reason = "the sound ways are unsafe calls, whose demands an `OwnedFd` always meets"
    )]
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Boottime, flags)?;
        Ok(Self {
            timer: AsyncFd::with_interest(timer, Interest::READABLE)?,
        })
    }

    /// Waits until `moment`; at once where it has passed.
    ///
    /// Dropping the wait is harmless: the next one sets the alarm anew.
    ///
    /// # Errors
    /// Those of `timerfd_settime` and of reading the timer.
    pub async fn wait_until(&mut self, moment: BootTime) -> io::Result<()> {
        if moment <= BootTime::now() {
            return Ok(());
        }
        let once = Itimerspec {
            it_interval: BootTime(Duration::ZERO).timespec(),
            it_value: moment.timespec(),
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once)?;
        loop {
            let mut ready = self.timer.readable().await?;
            let mut expirations = [0; 8];
            let read =
                ready.try_io(|timer| Ok(rustix::io::read(timer.get_ref(), &mut expirations)?));
            match read {
                Ok(result) => return result.map(|_| ()),
                Err(_not_yet) => {}
            }
        }
    }
}

/// Reads the wall clock in seconds of Unix time, by which certificates of hosts are judged.
pub fn unix_seconds() -> u64 {
    u64::try_from(wall_time().as_second()).unwrap_or(0)
}

/// Reads the wall clock, for records that people read; nothing is decided by it.
pub fn wall_time() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::test_runtime::run;

    #[test]
    fn adding_too_much_stays_in_the_future() {
        let last = BootTime::now().after(Duration::MAX);
        assert!(last > BootTime::now());
        assert_eq!(last.after(Duration::from_secs(1)), last);
    }

    #[test]
    fn alarm_returns_at_once_for_the_past() {
        run(async {
            let past = BootTime::since_boot(Duration::ZERO);
            Alarm::new().unwrap().wait_until(past).await.unwrap();
        });
    }

    #[test]
    fn alarm_wakes_not_before_the_moment() {
        run(async {
            let moment = BootTime::now().after(Duration::from_millis(20));
            Alarm::new().unwrap().wait_until(moment).await.unwrap();
            assert!(BootTime::now() >= moment);
        });
    }

    #[test]
    fn alarm_can_be_set_anew_after_a_dropped_wait() {
        run(async {
            let mut alarm = Alarm::new().unwrap();
            let far = BootTime::now().after(Duration::MAX);
            tokio::select! {
                biased;
                _ = alarm.wait_until(far) => panic!("woke for ever"),
                () = tokio::task::yield_now() => {}
            }
            let near = BootTime::now().after(Duration::from_millis(5));
            alarm.wait_until(near).await.unwrap();
            assert!(BootTime::now() >= near);
        });
    }
}
