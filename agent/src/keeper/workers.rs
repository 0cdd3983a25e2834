//! Threads for signatures that take long, so that short ones need not wait behind them.

use core::sync::atomic::{AtomicU8, Ordering};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Barrier, Condvar, Mutex, PoisonError};
use std::thread;

use rustix::process;

use crate::secret_memory::region::Protection;
use crate::secret_memory::stack::SecretStack;

/// How much less of a busy core the workers get than the thread of the channel (see `nice(1)`):
/// a handful of RSA signatures must not hold up a login.
const NICENESS: i32 = 10;

/// A signature to make on a worker's stack.
pub type Job = Box<dyn FnOnce() + Send>;

/// A queue of jobs, and the threads that take from it in turn.
#[derive(Clone)]
pub struct Workers {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    jobs: Mutex<VecDeque<Job>>,
    more: Condvar,
    /// The code of the weakest protection that a worker's stack has, 0 before there is one.
    weakest: AtomicU8,
}

impl Workers {
    /// Starts `count` threads and returns when they wait for work: what a thread does at its start
    /// the system call filter would not allow later. They end with the process.
    ///
    /// # Errors
    /// What the system said when it would not start a thread.
    pub fn start(count: usize, wanted: Protection) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let ready = Arc::new(Barrier::new(count + 1));
        for number in 0..count {
            let (queue, ready) = (Arc::clone(&queue), Arc::clone(&ready));
            thread::Builder::new()
                .name(format!("sign-{number}"))
                .stack_size(64 << 10)
                .spawn(move || {
                    // Refused at most by a sandbox around us; the jobs are done all the same.
                    let _ = process::nice(NICENESS);
                    ready.wait();
                    work(&queue, wanted);
                })?;
        }
        ready.wait();
        Ok(Self { queue })
    }

    /// Returns the weakest protection that a worker's stack has; none before there is one.
    pub fn protection(&self) -> Option<Protection> {
        Protection::from_code(self.queue.weakest.load(Ordering::Relaxed))
    }

    /// Hands over a job; the oldest is taken first.
    pub fn submit(&self, job: Job) {
        self.queue
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(job);
        self.queue.more.notify_one();
    }
}

fn work(queue: &Queue, wanted: Protection) {
    let mut stack = None;
    loop {
        let job = queue.take();
        // Mapped with the first job: secret memory that is not needed must not be held.
        // Without any memory the process ends, so that every client gets its failure at once.
        let stack = stack.get_or_insert_with(|| {
            let stack = SecretStack::map(wanted).unwrap_or_else(|_| std::process::abort());
            queue
                .weakest
                .fetch_max(stack.protection().code(), Ordering::Relaxed);
            stack
        });
        stack.run(job);
    }
}

impl Queue {
    fn take(&self) -> Job {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = jobs.pop_front() {
                return job;
            }
            jobs = self.more.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl core::fmt::Debug for Workers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Workers")
    }
}
