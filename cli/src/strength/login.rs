//! Whether a passphrase is the password of the account.
//!
//! Only accounts whose passwords are on this machine are asked about, and only by the program with which PAM itself
//! reads them (`unix_chkpwd`, of pam_unix(8)): it sends the passphrase nowhere, and counts no failures that would lock
//! the account.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use keyward_vault::Passphrase;

use crate::environment;

/// Where systems keep the program.
const PLACES: [&str; 4] = [
    "/usr/sbin/unix_chkpwd",
    "/sbin/unix_chkpwd",
    "/usr/bin/unix_chkpwd",
    "/usr/lib/security/unix_chkpwd",
];

/// What it exits with for another password (`PAM_AUTH_ERR`).
const ANOTHER: i32 = 7;

/// Says whether the passphrase is the account's password; `None` where that cannot be known.
pub(super) fn is_password(passphrase: &Passphrase) -> Option<bool> {
    let user = environment::account()?;
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    if !is_local(&accounts, &user) {
        return None;
    }
    let program = PLACES.into_iter().find(|place| Path::new(place).exists())?;
    let mut child = Command::new(program)
        .args([user.as_str(), "nonull"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    if let Some(mut input) = child.stdin.take() {
        let written = input.write_all(passphrase.bytes());
        // One that does not listen says by its exit status that it knows nothing.
        let _ = written.and_then(|()| input.write_all(&[0]));
    }
    match child.wait().ok()?.code()? {
        0 => Some(true),
        ANOTHER => Some(false),
        _ => None,
    }
}

/// Says whether an account has its password on this machine: it is in the file, and none was left out there on purpose.
fn is_local(accounts: &str, user: &str) -> bool {
    let mut fields = accounts.lines().map(|line| line.split(':'));
    fields.any(|mut fields| fields.next() == Some(user) && fields.next() == Some("x"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_a_directory_are_not_asked_about() {
        let accounts = "root:x:0:0::/root:/bin/sh\n+alice:x::::::\nbob:*:2:2::/:/bin/sh\n";
        assert!(is_local(accounts, "root"));
        assert!(!is_local(accounts, "alice"));
        assert!(!is_local(accounts, "bob"));
    }
}
