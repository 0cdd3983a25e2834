//! Public keys are shown as `ssh-keygen` shows them.

use std::process::Command;

use super::corpus;
use super::judge;

#[test]
fn fingerprint_size_type_and_picture_are_those_of_ssh_keygen() {
    for name in corpus::KEYS {
        let key = corpus::key(name);
        let public = key.public_key();
        let path = corpus::folder().join(format!("{name}.pub"));
        let judged = judge::run(Command::new("ssh-keygen").arg("-lvf").arg(path));
        let ours = format!(
            "{} {} {name} key ({})\n{}",
            public.bits(),
            public.fingerprint(),
            public.key_type().short_name(),
            public.randomart()
        );
        assert_eq!(ours, judged);
    }
}

#[test]
fn lines_are_those_of_pub_files() {
    for name in corpus::KEYS {
        let comment = format!("{name} key");
        let line = corpus::key(name).public_key().line(comment.as_bytes());
        assert_eq!(line, corpus::public_line(name));
    }
}

#[test]
fn comments_do_not_start_another_line() {
    let line = corpus::key("ed25519")
        .public_key()
        .line(b"a\nssh-rsa \xff\x1b[1m");
    assert!(line.ends_with(" assh-rsa \u{fffd}[1m"), "{line}");
    assert_eq!(corpus::key("rsa").public_key().line(b"").lines().count(), 1);
}

#[test]
fn private_keys_do_not_show_themselves() {
    let key = corpus::key("ed25519");
    assert_eq!(format!("{key:?}"), "PrivateKey(ssh-ed25519)");
}
