//! Connections that are open and silent, in a process of their own: ours may not have descriptors enough for all.

use std::{
    env,
    io::{self, Read},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::client::{self, Client};

/// The first argument of a process that only holds connections.
const HOLD: &str = "hold";

/// Open connections.
pub(crate) struct Idle {
    process: Child,
}

impl Idle {
    pub(crate) fn connect(socket: &Path, count: u32) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .arg(HOLD)
            .arg(socket)
            .arg(count.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut told = [0; 1];
        let output = process.stdout.as_mut().unwrap();
        output
            .read_exact(&mut told)
            .expect("every connection is accepted");
        Self { process }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Holds connections until standard input ends, where the arguments say so.
pub(crate) fn hold_if_asked() -> bool {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some(HOLD) {
        return false;
    }
    let socket = PathBuf::from(arguments.next().unwrap());
    let count: u32 = arguments.next().unwrap().parse().unwrap();
    let _silent: Vec<_> = (0..count)
        .map(|_| UnixStream::connect(&socket).unwrap())
        .collect();
    // The last one is answered when all before it have been accepted.
    Client::connect(&socket).ask(&client::list());
    println!();
    let _ = io::stdin().read(&mut [0; 1]);
    true
}
