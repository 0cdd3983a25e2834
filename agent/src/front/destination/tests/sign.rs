//! What is asked of a signature beside its path.

use super::*;

#[test]
fn unbound_connection_lists_but_does_not_sign() {
    let constraints = restrict(&["host_a"]);
    let bindings = Bindings::new();
    let data = login("alice", b"1", None);
    assert!(permitted(&constraints, &bindings, None, NOW).is_ok());
    assert_eq!(
        permitted_to_sign(&constraints, &bindings, &key(), &data, NOW),
        Err(Refusal::Unbound)
    );
}

#[test]
fn failed_bind_hides_the_key_for_ever() {
    let constraints = restrict(&["host_a"]);
    let mut bindings = Bindings::new();
    bindings.bind(Err(WireError::Truncated)).unwrap_err();
    assert_eq!(
        permitted(&constraints, &bindings, None, NOW),
        Err(Refusal::Unverified)
    );
    let host = host("host_a");
    bindings.bind(Ok(host.bind(b"1", false).message())).unwrap();
    let data = login("alice", b"1", Some(host.shown()));
    assert_eq!(
        permitted_to_sign(&constraints, &bindings, &key(), &data, NOW),
        Err(Refusal::Unverified)
    );
}

#[test]
fn signs_nothing_but_a_login_with_this_key() {
    let constraints = restrict(&["host_a"]);
    let bindings = connection("a", false);
    let mut sshsig = b"SSHSIG".to_vec();
    for field in [b"git".as_slice(), b"", b"sha512", b"digest"] {
        sshsig.put_string(field);
    }
    for data in [sshsig.as_slice(), b"", b"anything"] {
        assert_eq!(
            permitted_to_sign(&constraints, &bindings, &key(), data, NOW),
            Err(Refusal::NotUserAuth)
        );
    }
    let data = login("alice", &session(0), None);
    assert_eq!(
        permitted_to_sign(&constraints, &bindings, host("host_a").plain(), &data, NOW),
        Err(Refusal::OtherKey)
    );
}

#[test]
fn signs_for_the_newest_session_only() {
    let constraints = restrict(&["host_a", "host_a>host_b"]);
    let bindings = connection("ab", false);
    let host_key = host("host_b");
    for session_id in [session(0), b"session 11".to_vec(), b"session".to_vec()] {
        let data = login("alice", &session_id, Some(host_key.shown()));
        assert_eq!(
            permitted_to_sign(&constraints, &bindings, &key(), &data, NOW),
            Err(Refusal::OtherSession)
        );
    }
}

#[test]
fn forwarded_login_has_to_name_the_newest_host() {
    let constraints = restrict(&["host_a", "host_a>host_b"]);
    let bindings = connection("ab", false);
    let attempt = |host_key: Option<&[u8]>| {
        let data = login("alice", &session(1), host_key);
        permitted_to_sign(&constraints, &bindings, &key(), &data, NOW).map(drop)
    };
    assert_eq!(attempt(None), Err(Refusal::NoHostKey));
    assert_eq!(
        attempt(Some(host("host_a").shown())),
        Err(Refusal::OtherHostKey)
    );
    assert_eq!(attempt(Some(host("host_b").shown())), Ok(()));
}

#[test]
fn local_login_may_leave_the_host_out_but_not_name_another() {
    let constraints = restrict(&["host_a"]);
    let bindings = connection("a", false);
    let attempt = |host_key: Option<&[u8]>| {
        let data = login("alice", &session(0), host_key);
        permitted_to_sign(&constraints, &bindings, &key(), &data, NOW).map(drop)
    };
    assert_eq!(attempt(None), Ok(()));
    assert_eq!(
        attempt(Some(host("host_b").shown())),
        Err(Refusal::OtherHostKey)
    );
}

#[test]
fn host_that_is_forwarded_to_cannot_sign_without_its_own_binding() {
    let constraints = restrict(&CHAIN);
    let bindings = connection("a", true);
    let data = login("alice", &session(0), Some(host("host_a").shown()));
    assert_eq!(
        permitted_to_sign(&constraints, &bindings, &key(), &data, NOW),
        Err(Refusal::Forwarding)
    );
}

#[test]
fn user_above_256_bytes_is_refused() {
    let constraints = restrict(&["*@host_a"]);
    let bindings = connection("a", false);
    let attempt =
        |length| permitted(&constraints, &bindings, Some(&vec![b'u'; length]), NOW).map(drop);
    assert_eq!(attempt(256), Ok(()));
    assert_eq!(attempt(257), Err(Refusal::UserLength(257)));
}
