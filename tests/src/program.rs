//! The program under test and the folder it was built into.

use std::{env, path::PathBuf};

/// The program under test: `$KEYWARD_BIN`, or `keyward` of the same build as the test.
///
/// # Panics
///
/// When there is no such file.
#[must_use]
pub fn path() -> PathBuf {
    let path =
        env::var_os("KEYWARD_BIN").map_or_else(|| profile_folder().join("keyward"), PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: cargo build -p keyward",
        path.display()
    );
    path
}

/// The same build of the program with the feature `unwiped`, which leaves out the wiping of secrets.
///
/// # Panics
///
/// When there is no such file; `tests/run` builds it.
#[must_use]
pub fn unwiped_path() -> PathBuf {
    let program = path();
    let profile = program.parent().unwrap();
    let target = profile.parent().unwrap();
    let path = target
        .join("unwiped")
        .join(profile.file_name().unwrap())
        .join("keyward");
    assert!(
        path.is_file(),
        "{} is missing: see tests/run",
        path.display()
    );
    path
}

/// The folder for what the tests make once and share.
#[must_use]
pub fn shared_folder() -> PathBuf {
    target_folder().join("tmp")
}

/// The folder of what `tests/run` installs: a Python environment and Node modules.
#[must_use]
pub fn tools_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".cache")
}

/// The scripts of other agent clients.
#[must_use]
pub fn clients_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients")
}

fn target_folder() -> PathBuf {
    profile_folder().parent().unwrap().to_owned()
}

/// `target/debug` or `target/release`: the test binary lies in its folder `deps`.
fn profile_folder() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    test.ancestors()
        .nth(2)
        .expect("a test binary lies in target/PROFILE/deps")
        .to_owned()
}
