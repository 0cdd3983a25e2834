//! The keeper by itself, as the `keyward` program runs it; with the argument `parent`, a process
//! that only starts a keeper on its own standard input and output and waits for it.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use keyward_agent::front::supervisor::KEEPER_NAME;
use keyward_agent::keeper::process;
use keyward_agent::secret_memory::region::Protection;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    if arguments.next().as_deref() == Some(KEEPER_NAME) {
        return process::main(Protection::MemfdSecret);
    }
    let started = std::env::current_exe().and_then(|program| {
        let mut keeper = Command::new(program);
        keeper.arg0(KEEPER_NAME).env_clear().status()
    });
    if started.is_ok_and(|status| status.success()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
