//! Compares the program with the installed OpenSSH agent and prints how many times better it is.
//!
//! Both run side by side, and rounds on one and the other alternate: on a machine with other work the ratio of two rounds that
//! follow each other tells something, the figures themselves little. A case with one client keeps client and agents on one
//! core, since whether a wake-up crosses cores would decide otherwise.

mod cases;
mod client;
mod contest;
mod crowd;
mod idle;
mod machine;

use keyward_tests::program;

use crate::contest::Contestant;

fn main() {
    machine::allow_many_descriptors();
    if idle::hold_if_asked() {
        return;
    }
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let contestants = [
        Contestant::new("/usr/bin/ssh-agent".into()),
        Contestant::new(program::path()),
    ];
    println!("{}", machine::description());
    contest::print_header();
    for case in cases::all() {
        if case.name.contains(wanted.as_deref().unwrap_or_default()) {
            contest::hold(&case, &contestants);
        }
    }
}
