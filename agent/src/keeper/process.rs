//! The keeper as a process: its start and its end.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::thread;

use aws_lc_rs::rand;
use rayon_core::ThreadPoolBuilder;

use super::sandbox::{self, Confinement};
use super::serve::{self, Channel, Terms};
use super::workers::Workers;
use crate::footprint::Code;
use crate::secret_memory::heap;
use crate::secret_memory::region::Protection;

/// The argument that asks for [`Protection::Locked`] in place of `memfd_secret`, with which the
/// machine could not hibernate.
pub const LOCKED_ARGUMENT: &str = "locked";

/// More threads than this would only wait for each other.
const WORKERS_MAX: usize = 4;

/// Runs the keeper: requests come over its standard input, answers go to its standard output.
///
/// Ends when the front closes the other end of its input, or with it.
pub fn main(memory: Protection) -> ExitCode {
    // A panic message could quote what it was about.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let memory = if cfg!(feature = "unwiped") {
        Protection::Unlocked
    } else {
        memory
    };
    match run(memory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(memory: Protection) -> io::Result<()> {
    let dumpable_at_start = sandbox::seclude()?;
    if !heap::adopt_signature_library() {
        return Err(io::Error::other(
            "the signature library would not use our heap",
        ));
    }
    let requests = io::stdin().as_fd().try_clone_to_owned()?;
    let answers = io::stdout().as_fd().try_clone_to_owned()?;
    let channel = Channel::new(requests, answers)?;
    // Each end is held once: what is closed here is closed for good.
    let null = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    let code = Code::of_this_process();
    let landlock = sandbox::deny_files();
    // The library looks for its sources of randomness once, and the filter would not let it later.
    rand::fill(&mut [0; 1]).map_err(|_| io::Error::other("no randomness"))?;
    // Argon2 would have its lanes computed by threads of their own when it is first used, and the filter would kill us for
    // starting them. With this it computes them here, one after the other.
    let alone = ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    alone.build_global().map_err(io::Error::other)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = Workers::start(cores.min(WORKERS_MAX), memory)?;
    let observed = Confinement::observed();
    code.give_back();
    let confinement = Confinement {
        landlock,
        dumpable_at_start,
        seccomp: sandbox::filter_system_calls(),
        ..observed
    };
    serve::serve(
        channel,
        Terms {
            memory,
            confinement,
            workers,
        },
    )
}
