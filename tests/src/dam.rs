//! A command that is held up in the midst of what it prints.

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
    pipe::{PipeFlags, fcntl_setpipe_size, pipe_with},
    process::Signal,
};

use crate::{agent::signal_to, deadline, process};

/// How long it may take until it prints.
const LIMIT: Duration = Duration::from_secs(60);
/// What a pipe has room for at least.
const PAGE: usize = 4096;

/// A command whose standard output takes no more; killed at the end.
#[derive(Debug)]
pub struct Dam {
    child: Child,
    output: File,
}

impl Dam {
    /// Runs a command, writes `input` to it, and waits until it waits for its output to be read. `room` is how many bytes of its
    /// output are taken at once.
    ///
    /// # Panics
    ///
    /// When it ends before.
    #[must_use]
    #[track_caller]
    pub fn before(command: &mut Command, input: &[u8], room: usize) -> Self {
        let (output, end) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        fcntl_setpipe_size(&end, PAGE).unwrap();
        fill(&end, PAGE - room);
        command.stdin(Stdio::piped()).stdout(end);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        // The command holds the writing end as well, which the dam must not.
        command.stdout(Stdio::null());
        child.stdin.take().unwrap().write_all(input).unwrap();
        let mut dam = Self {
            child,
            output: File::from(output),
        };
        deadline::until("the command to print", LIMIT, || {
            assert!(dam.child.try_wait().unwrap().is_none(), "it has ended");
            dam.is_writing()
        });
        dam
    }

    /// The command's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops the command where it is, and returns what it has printed so far.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    #[must_use]
    pub fn freeze(&mut self) -> String {
        signal_to(self.pid(), Signal::STOP);
        deadline::until("the command to stop", LIMIT, || {
            process::status(self.pid(), "State").starts_with('T')
        });
        let mut said = vec![0; PAGE];
        let count = self.output.read(&mut said).unwrap();
        let said = String::from_utf8_lossy(&said[..count]);
        said.trim_start_matches(FILLER).to_owned()
    }

    /// Whether the command is inside of a write to its standard output.
    fn is_writing(&self) -> bool {
        // The number of the call and its first argument.
        let call = std::fs::read_to_string(format!("/proc/{}/syscall", self.pid()));
        call.is_ok_and(|call| {
            let mut words = call.split(' ');
            words.next() == Some(WRITE) && words.next() == Some("0x1")
        })
    }
}

/// The number of write(2).
#[cfg(target_arch = "x86_64")]
const WRITE: &str = "1";
#[cfg(not(target_arch = "x86_64"))]
const WRITE: &str = "64";

/// What a pipe is filled with.
const FILLER: char = '.';

fn fill(end: &OwnedFd, count: usize) {
    let flags = fcntl_getfl(end).unwrap();
    fcntl_setfl(end, flags | OFlags::NONBLOCK).unwrap();
    let filler = [u8::try_from(FILLER).unwrap(); PAGE];
    let mut written = 0;
    while written < count {
        match rustix::io::write(end, &filler[written..count]) {
            Ok(some) => written += some,
            Err(Errno::AGAIN) => break,
            Err(error) => panic!("{error}"),
        }
    }
    fcntl_setfl(end, flags).unwrap();
}

impl Drop for Dam {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
