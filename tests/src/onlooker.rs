//! A program that looks into the processes of its user as soon as they are there.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use crate::program;

/// The program, and the processes whose memory it has opened; killed at the end.
#[derive(Debug)]
pub struct Onlooker {
    child: Child,
    opened: Arc<Mutex<Vec<u32>>>,
}

impl Onlooker {
    /// Starts it by a command whose last arguments it becomes, and waits until it looks.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let script =
            std::fs::read_to_string(program::clients_folder().join("onlooker.py")).unwrap();
        command.args(["/usr/bin/python3", "-c", &script]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the onlooker says that it is ready");
        assert_eq!(first.unwrap(), "ready");
        let opened = Arc::new(Mutex::new(vec![]));
        let told = Arc::clone(&opened);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                told.lock().unwrap().push(line.parse().unwrap());
            }
        });
        Self { child, opened }
    }

    /// Whether it has opened the memory of this process.
    ///
    /// # Panics
    ///
    /// When what it said was not understood.
    #[must_use]
    pub fn has_opened(&self, pid: u32) -> bool {
        self.opened.lock().unwrap().contains(&pid)
    }
}

impl Drop for Onlooker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
