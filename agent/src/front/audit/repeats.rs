//! Equal refusals one after the other: the first is told, and those after it are counted.
//!
//! A client that is refused in a loop would otherwise push out of the log what matters.

use core::time::Duration;

use jiff::Timestamp;

use super::record::{Outcome, Record};

/// How long refusals are counted before their number is told.
pub const BOUND: Duration = Duration::from_secs(10);

/// The last line, where it was a refusal, and how often that came again.
#[derive(Debug, Default)]
pub(super) struct Repeats(Option<Refusal>);

#[derive(Debug)]
struct Refusal {
    since: Timestamp,
    /// The line from behind its time on.
    text: Vec<u8>,
    /// The begin, with its time, of the line that came last.
    last_time: Vec<u8>,
    repeated: u64,
}

impl Repeats {
    /// Takes a record in and gives what is to be written now to `write`.
    pub(super) fn take(&mut self, record: &Record<'_>, mut write: impl FnMut(&[u8])) {
        let line = record.line();
        // Time comes first, and has no comma.
        let end_of_time = line.iter().position(|byte| *byte == b',').unwrap_or(0);
        let (time, text) = line.split_at(end_of_time);
        if let Some(refusal) = &mut self.0
            && refusal.text == text
            && record.time.duration_since(refusal.since).unsigned_abs() < BOUND
        {
            refusal.repeated += 1;
            refusal.last_time = time.to_vec();
            return;
        }
        self.flush(&mut write);
        write(&line);
        let is_refusal = record.outcome != Outcome::Allow && record.peer.is_some();
        self.0 = is_refusal.then(|| Refusal {
            since: record.time,
            text: text.to_vec(),
            last_time: Vec::new(),
            repeated: 0,
        });
    }

    /// Says whether there is a number to be told.
    pub(super) fn is_counting(&self) -> bool {
        self.0.as_ref().is_some_and(|refusal| refusal.repeated > 0)
    }

    /// Gives the number that was counted to `write`, if any was.
    pub(super) fn flush(&mut self, mut write: impl FnMut(&[u8])) {
        let Some(refusal) = self.0.take().filter(|refusal| refusal.repeated > 0) else {
            return;
        };
        let text = refusal.text.strip_suffix(b"}\n").unwrap_or_default();
        let number = format!(",\"repeated\":{}}}\n", refusal.repeated);
        write(&[&refusal.last_time, text, number.as_bytes()].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Event, PeerRecord};
    use super::*;
    use crate::front::peer::Peer;

    /// Writes refusals of processes at seconds, then what is left; returns seconds, process and number of each line.
    fn written(refusals: &[(i64, i32)]) -> Vec<(String, i64, Option<u64>)> {
        let (mut repeats, mut lines) = (Repeats::default(), Vec::new());
        for (second, process) in refusals {
            let peer = Peer::new(Some(*process), 0);
            let record = Record {
                reason: Some("no such key"),
                peer: Some(PeerRecord::of(&peer)),
                ..Record::new(
                    Timestamp::from_second(*second).unwrap(),
                    Event::Sign,
                    Outcome::Deny,
                )
            };
            repeats.take(&record, |line| lines.extend_from_slice(line));
        }
        repeats.flush(|line| lines.extend_from_slice(line));
        let told = |line: &[u8]| {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            assert_eq!(line["reason"], "no such key");
            let second = line["time"].as_str().unwrap()[17..19].to_owned();
            let process = line["peer"]["pid"].as_i64().unwrap();
            (second, process, line["repeated"].as_u64())
        };
        lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(told)
            .collect()
    }

    fn line(second: &str, process: i64, repeated: Option<u64>) -> (String, i64, Option<u64>) {
        (second.to_owned(), process, repeated)
    }

    // No process has a number beyond four million: `/proc` tells nothing of these.
    const ONE: i32 = 2_000_000_001;
    const OTHER: i32 = 2_000_000_002;

    #[test]
    fn equal_refusals_are_counted_until_another_comes() {
        let refusals = [(1, ONE), (2, ONE), (3, ONE), (4, OTHER), (5, ONE)];
        let expected = [
            line("01", ONE.into(), None),
            line("03", ONE.into(), Some(2)),
            line("04", OTHER.into(), None),
            line("05", ONE.into(), None),
        ];
        assert_eq!(written(&refusals), expected);
    }

    #[test]
    fn number_is_told_after_a_while() {
        let refusals = [(1, ONE), (10, ONE), (11, ONE), (12, ONE)];
        let expected = [
            line("01", ONE.into(), None),
            line("10", ONE.into(), Some(1)),
            line("11", ONE.into(), None),
            line("12", ONE.into(), Some(1)),
        ];
        assert_eq!(written(&refusals), expected);
    }

    #[test]
    fn what_was_done_is_told_each_time() {
        let (mut repeats, mut lines) = (Repeats::default(), 0);
        for _ in 0..5 {
            let peer = Peer::new(None, 0);
            let record = Record {
                peer: Some(PeerRecord::of(&peer)),
                ..Record::new(Timestamp::UNIX_EPOCH, Event::Sign, Outcome::Allow)
            };
            repeats.take(&record, |_| lines += 1);
        }
        assert_eq!((lines, repeats.is_counting()), (5, false));
    }
}
