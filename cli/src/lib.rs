//! The `keyward` command: everything a person types, and every name it is called by.
//!
//! The order of the modules is the order of dependence: a module may use those above it only.
#![forbid(unsafe_code)]

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use keyward_agent::front::supervisor::KEEPER_NAME;
use keyward_agent::front::unlocker::UNLOCKER_NAME;

mod output;
mod progress;
mod environment;
mod start;
mod config;
mod ask;
mod destination;
mod listing;
mod error;
mod generated;
mod hint;
mod vault;
mod strength;
mod paper;
mod health;
mod compat;
mod commands;

/// Runs what the program was called for, by the last part of its own name.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    let arguments: Vec<OsString> = arguments.collect();
    match last_part(&program) {
        Some("ssh-agent") => compat::ssh_agent::main(&arguments),
        Some("ssh-copy-id") => compat::ssh_copy_id::main(),
        Some(start::process::FRONT) => start::process::front(&arguments),
        Some(KEEPER_NAME) => start::process::keeper(&arguments),
        Some(UNLOCKER_NAME) => commands::unlocker::main(&arguments),
        _ => commands::main(&arguments),
    }
}

fn last_part(program: &OsStr) -> Option<&str> {
    Path::new(program).file_name()?.to_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_the_last_part_of_the_path() {
        assert_eq!(
            last_part(OsStr::new("/usr/local/bin/ssh-agent")),
            Some("ssh-agent")
        );
        assert_eq!(last_part(OsStr::new("keyward")), Some("keyward"));
        assert_eq!(last_part(OsStr::new("")), None);
    }
}
