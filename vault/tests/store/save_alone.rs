//! Saves from a process of its own, to be killed.
//!
//! `create PATH` makes a file with the number 0. `count PATH TIMES` adds one to the number, that
//! many times, and prints each number that was saved.

mod counter;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use keyward_vault::store::{Error, Outcome, Patience, Store};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let result = match arguments.as_slice() {
        [verb, path] if verb == "create" => create(Path::new(path)),
        [verb, path, times] if verb == "count" => count(Path::new(path), times),
        _ => return ExitCode::from(2),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    counter::number(bytes).is_some()
}

fn create(path: &Path) -> Result<(), Error> {
    let store = Store::prepare(path, Patience::default())?;
    store.create(&counter::bytes(0), is_whole)
}

fn count(path: &Path, times: &OsString) -> Result<(), Error> {
    let times = times.to_str().and_then(|times| times.parse().ok());
    for _ in 0..times.unwrap_or(0_u64) {
        let store = Store::open(path, Patience::default())?;
        let mut base = store.read()?;
        loop {
            // A file that is not whole ends it, which the test sees.
            let Some(number) = counter::number(&base.bytes) else {
                let path = store.path();
                return Err(Error::Rejected { path });
            };
            let new = counter::bytes(number + 1);
            match store.save(&new, |current| current == base.bytes, is_whole)? {
                Outcome::Conflict(current) => base = current,
                Outcome::Saved => {
                    let _ = writeln!(std::io::stdout(), "{}", number + 1);
                    break;
                }
            }
        }
    }
    Ok(())
}
