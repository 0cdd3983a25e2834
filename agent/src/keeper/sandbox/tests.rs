//! What a confined process may do, tried in processes of their own: each test runs this program
//! again with itself as the only test, and there it confines itself and tries.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};

use super::*;

/// Set in the process that is to confine itself.
const CONFINED: &str = "KEYWARD_TEST_CONFINED";

/// Runs the test `name` in a process of its own, up to `attempt`, and tells how that ended:
/// successfully when the attempt says true.
fn fate(name: &str, confine: impl FnOnce(), attempt: impl FnOnce() -> bool) -> ExitStatus {
    if std::env::var_os(CONFINED).is_some() {
        confine();
        std::process::exit(if attempt() { 0 } else { 1 });
    }
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("keeper::sandbox::tests::{name}")])
        .env(CONFINED, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

fn confine() {
    seclude().unwrap();
    // As the keeper does: the library looks for its sources of randomness once.
    aws_lc_rs::rand::fill(&mut [0; 1]).unwrap();
    deny_files();
    assert!(filter_system_calls());
}

/// Says whether the filter kills a process that makes the `attempt`.
fn is_killed(name: &str, attempt: impl FnOnce()) -> bool {
    let status = fate(name, confine, || {
        attempt();
        true
    });
    status.signal() == Some(libc::SIGSYS)
}

#[test]
fn computing_and_ending_is_allowed() {
    let status = fate("computing_and_ending_is_allowed", confine, || {
        let mut bytes = vec![0_u8; 32 << 20];
        bytes.fill(7);
        aws_lc_rs::rand::fill(&mut bytes[..1024]).is_ok()
    });
    assert!(status.success(), "{status}");
}

#[test]
fn opening_a_file_kills() {
    assert!(is_killed("opening_a_file_kills", || drop(File::open(
        "/dev/null"
    ))));
}

#[test]
fn looking_at_a_folder_kills() {
    assert!(is_killed("looking_at_a_folder_kills", || drop(
        fs::read_dir("/")
    )));
}

#[test]
fn removing_a_file_kills() {
    let name = "removing_a_file_kills";
    assert!(is_killed(name, || drop(fs::remove_file(
        "/nonexistent/file"
    ))));
}

#[test]
fn pair_of_sockets_kills() {
    assert!(is_killed("pair_of_sockets_kills", || drop(
        UnixStream::pair()
    )));
}

#[test]
fn connection_over_the_network_kills() {
    let name = "connection_over_the_network_kills";
    assert!(is_killed(name, || {
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, 1)));
    }));
}

#[test]
fn listening_kills() {
    assert!(is_killed("listening_kills", || {
        drop(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    }));
}

#[test]
fn running_a_program_in_its_place_kills() {
    assert!(is_killed("running_a_program_in_its_place_kills", || {
        drop(Command::new("/bin/true").exec());
    }));
}

#[test]
fn starting_a_process_kills() {
    assert!(is_killed("starting_a_process_kills", || {
        drop(Command::new("/bin/true").status());
    }));
}

#[test]
fn starting_a_thread_kills() {
    assert!(is_killed("starting_a_thread_kills", || {
        drop(std::thread::spawn(|| {}).join());
    }));
}

#[test]
fn signal_to_another_process_kills() {
    assert!(is_killed("signal_to_another_process_kills", || {
        let parent = process::getppid().unwrap();
        let _ = process::kill_process(parent, Signal::CONT);
    }));
}

#[test]
fn handle_on_another_process_kills() {
    assert!(is_killed("handle_on_another_process_kills", || {
        let parent = process::getppid().unwrap();
        drop(process::pidfd_open(parent, process::PidfdFlags::empty()));
    }));
}

#[test]
fn tracing_another_process_kills() {
    assert!(is_killed("tracing_another_process_kills", || {
        let parent = process::getppid().unwrap().as_raw_nonzero().get();
        // SAFETY: attaching touches no memory of this process.
        unsafe { libc::ptrace(libc::PTRACE_SEIZE, parent, 0, 0) };
    }));
}

#[test]
fn becoming_dumpable_kills() {
    assert!(is_killed("becoming_dumpable_kills", || {
        let _ = process::set_dumpable_behavior(process::DumpableBehavior::Dumpable);
    }));
}

#[test]
fn mapping_executable_memory_kills() {
    assert!(is_killed("mapping_executable_memory_kills", || {
        let access = libc::PROT_READ | libc::PROT_EXEC;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a fresh mapping at an address of the kernel's choice.
        unsafe { libc::mmap(core::ptr::null_mut(), 4096, access, kind, -1, 0) };
    }));
}

#[test]
fn making_memory_executable_kills() {
    assert!(is_killed("making_memory_executable_kills", || {
        let mut region =
            crate::secret_memory::region::Region::map(4096, Default::default()).unwrap();
        let start = region.bytes_mut().as_mut_ptr().cast();
        let access = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        // SAFETY: the range is the region's own, and stays readable and writable.
        unsafe { libc::mprotect(start, 4096, access) };
    }));
}

#[test]
fn files_and_network_are_denied_without_the_filter_too() {
    let denied = |result: io::Result<()>| {
        result.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    };
    let status = fate(
        "files_and_network_are_denied_without_the_filter_too",
        || {
            rustix::thread::set_no_new_privs(true).unwrap();
            assert!(deny_files());
        },
        || {
            let written = denied(fs::write("/tmp/keyward-test", ""));
            let read = denied(File::open("/etc/passwd").map(drop));
            let run = denied(Command::new("/bin/true").status().map(drop));
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, 1)).map(drop);
            written && read && run && denied(connected)
        },
    );
    assert!(status.success(), "{status}");
}

#[test]
fn secluded_process_leaves_no_way_to_look_into_it() {
    let name = "secluded_process_leaves_no_way_to_look_into_it";
    let secluded = || assert!(seclude().unwrap(), "hidden before");
    let status = fate(name, secluded, || {
        let core = process::getrlimit(Resource::Core);
        let confinement = Confinement::observed();
        (core.current, core.maximum) == (Some(0), Some(0))
            && confinement.no_new_privs
            && !confinement.dumpable
    });
    assert!(status.success(), "{status}");
}
