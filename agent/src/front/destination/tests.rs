//! The scenarios of OpenSSH's `regress/agent-restrict.sh`, and what it leaves out.

use super::*;
use crate::front::binding::test_host::{TestCertificate, TestHost};
use crate::protocol::extension::restrict_destination::HopKey;
use crate::protocol::wire::{WireError, Writer as _};

const NOW: u64 = 1_000;

/// Hosts a, b, c, x with plain keys and d, e with certificates for their names.
fn host(name: &str) -> TestHost {
    let authority = TestHost::new("ca");
    match name {
        "host_d" | "host_e" => certified(name, &authority, (0, u64::MAX)),
        _ => TestHost::new(name),
    }
}

fn certified(name: &str, authority: &TestHost, validity: (u64, u64)) -> TestHost {
    TestHost::certified(
        name,
        &TestCertificate {
            authority,
            kind: 2,
            principals: &[name],
            validity,
            critical_option: None,
        },
    )
}

/// What `ssh-add -h` makes of `host` or `user@host`: the plain keys of a, b, c and x are known,
/// and one authority for all.
fn hop(spec: &str) -> Hop {
    let (user, name) = spec.split_once('@').unwrap_or(("", spec));
    let mut keys = vec![HopKey {
        blob: TestHost::new("ca").plain().to_vec(),
        is_ca: true,
    }];
    if !matches!(name, "host_d" | "host_e") {
        keys.push(HopKey {
            blob: TestHost::new(name).plain().to_vec(),
            is_ca: false,
        });
    }
    Hop {
        user: user.to_owned(),
        host: name.to_owned(),
        keys,
    }
}

/// Makes the constraints of several `-h`.
fn restrict(specs: &[&str]) -> Vec<DestinationConstraint> {
    let step = |spec: &&str| match spec.split_once('>') {
        Some((from, to)) => DestinationConstraint {
            from: hop(from),
            to: hop(to),
        },
        None => DestinationConstraint {
            from: Hop {
                user: String::new(),
                host: String::new(),
                keys: Vec::new(),
            },
            to: hop(spec),
        },
    };
    specs.iter().map(step).collect()
}

/// Binds a connection along `path`, each letter a host; all but the last forward, and the last one
/// does so when `forwarding`.
fn connection(path: &str, forwarding: bool) -> Bindings {
    let mut bindings = Bindings::new();
    for (index, letter) in path.chars().enumerate() {
        let last = index + 1 == path.len();
        let bind = host(&format!("host_{letter}")).bind(&session(index), forwarding || !last);
        bindings.bind(Ok(bind.message())).unwrap();
    }
    bindings
}

fn session(index: usize) -> Vec<u8> {
    format!("session {index}").into_bytes()
}

fn key() -> Vec<u8> {
    TestHost::new("user_a").plain().to_vec()
}

fn login(user: &str, session_id: &[u8], host_key: Option<&[u8]>) -> Vec<u8> {
    let mut data = Vec::new();
    data.put_string(session_id);
    data.push(50);
    data.put_string(user.as_bytes());
    data.put_string(b"ssh-connection");
    data.put_string(match host_key {
        Some(_) => b"publickey-hostbound-v00@openssh.com",
        None => b"publickey",
    });
    data.push(1);
    data.put_string(b"ssh-ed25519");
    data.put_string(&key());
    if let Some(host_key) = host_key {
        data.put_string(host_key);
    }
    data
}

/// Signs a login of alice at the end of `path`, as `ssh` there asks for it.
fn sign<'a>(
    constraints: &'a [DestinationConstraint],
    path: &str,
) -> Result<Permission<'a>, Refusal> {
    let bindings = connection(path, false);
    let last = bindings.last().unwrap();
    let data = login("alice", last.session_id(), Some(last.host_key().blob()));
    permitted_to_sign(constraints, &bindings, &key(), &data, NOW)
}

/// Lists at the end of `path`, over the forwarded agent.
fn list<'a>(
    constraints: &'a [DestinationConstraint],
    path: &str,
) -> Result<Permission<'a>, Refusal> {
    permitted(constraints, &connection(path, true), None, NOW)
}

const CHAIN: [&str; 5] = [
    "host_a",
    "host_a>host_b",
    "host_b>host_c",
    "host_c>host_d",
    "host_d>host_e",
];

#[test]
fn unrestricted_key_signs_and_is_listed_everywhere() {
    for path in ["a", "e", "abc", "abaacde"] {
        assert_eq!(sign(&[], path), Ok(Permission::default()));
        assert_eq!(list(&[], path), Ok(Permission::default()));
    }
    let unbound = Bindings::new();
    assert!(permitted_to_sign(&[], &unbound, &key(), b"anything", NOW).is_ok());
}

#[test]
fn restricted_key_signs_for_its_host_only() {
    for letter in ["a", "b", "c", "d", "e"] {
        let constraints = restrict(&[&format!("host_{letter}")]);
        for path in ["a", "b", "c", "d", "e"] {
            let expected = (path == letter).then_some(()).ok_or(Refusal::Hop(0));
            assert_eq!(
                sign(&constraints, path).map(drop),
                expected,
                "{letter} {path}"
            );
        }
    }
}

#[test]
fn restricted_key_is_listed_here_but_not_on_its_host() {
    let constraints = restrict(&["host_a"]);
    assert!(permitted(&constraints, &Bindings::new(), None, NOW).is_ok());
    assert!(permitted(&constraints, &connection("a", false), None, NOW).is_ok());
    assert_eq!(list(&constraints, "a"), Err(Refusal::Beyond));
    assert_eq!(list(&constraints, "b"), Err(Refusal::Hop(0)));
}

#[test]
fn user_has_to_match_its_pattern() {
    for (pattern, allowed) in [
        ("alice", true),
        ("*", true),
        ("a?i*", true),
        ("bob", false),
        ("Alice", false),
        ("alice,bob", false),
    ] {
        let constraints = restrict(&[&format!("{pattern}@host_a")]);
        let expected = allowed.then_some(()).ok_or(Refusal::Hop(0));
        assert_eq!(sign(&constraints, "a").map(drop), expected, "{pattern}");
    }
}

#[test]
fn certificate_of_another_host_is_refused() {
    let constraints = restrict(&["host_e"]);
    assert_eq!(sign(&constraints, "d").map(drop), Err(Refusal::Hop(0)));
}

#[test]
fn certificate_of_another_authority_is_refused() {
    let constraints = restrict(&["host_e"]);
    let mallory = certified("host_e", &TestHost::new("mallory"), (0, u64::MAX));
    let mut bindings = Bindings::new();
    bindings
        .bind(Ok(mallory.bind(b"1", false).message()))
        .unwrap();
    let data = login("alice", b"1", Some(mallory.shown()));
    assert_eq!(
        permitted_to_sign(&constraints, &bindings, &key(), &data, NOW),
        Err(Refusal::Hop(0))
    );
}

#[test]
fn expired_certificate_is_refused() {
    let constraints = restrict(&["host_e"]);
    let expired = certified("host_e", &TestHost::new("ca"), (0, NOW));
    let mut bindings = Bindings::new();
    bindings
        .bind(Ok(expired.bind(b"1", false).message()))
        .unwrap();
    let data = login("alice", b"1", Some(expired.shown()));
    let at = |now| permitted_to_sign(&constraints, &bindings, &key(), &data, now).map(drop);
    assert_eq!(at(NOW - 1), Ok(()));
    assert_eq!(at(NOW), Err(Refusal::Hop(0)));
}

#[test]
fn authority_s_own_key_is_no_host_and_a_host_s_key_is_no_authority() {
    let constraints = restrict(&["host_a"]);
    let mut bindings = Bindings::new();
    let authority = TestHost::new("ca");
    bindings
        .bind(Ok(authority.bind(b"1", false).message()))
        .unwrap();
    assert_eq!(
        permitted(&constraints, &bindings, Some(b"alice"), NOW),
        Err(Refusal::Hop(0))
    );
    let by_host = certified("host_a", &TestHost::new("host_a"), (0, u64::MAX));
    let mut bindings = Bindings::new();
    bindings
        .bind(Ok(by_host.bind(b"1", false).message()))
        .unwrap();
    assert_eq!(
        permitted(&constraints, &bindings, Some(b"alice"), NOW),
        Err(Refusal::Hop(0))
    );
}

#[test]
fn multihop_key_signs_on_each_hop_of_its_path() {
    let constraints = restrict(&CHAIN);
    for path in ["a", "ab", "abc", "abcd", "abcde"] {
        assert!(sign(&constraints, path).is_ok(), "{path}");
    }
}

#[test]
fn multihop_key_is_listed_on_each_hop_but_the_last() {
    let constraints = restrict(&CHAIN);
    for path in ["a", "ab", "abc", "abcd"] {
        assert!(list(&constraints, path).is_ok(), "{path}");
    }
    assert_eq!(list(&constraints, "abcde"), Err(Refusal::Beyond));
}

#[test]
fn multihop_key_refuses_a_path_that_skips_a_hop() {
    let constraints = restrict(&CHAIN);
    assert_eq!(sign(&constraints, "b").map(drop), Err(Refusal::Hop(0)));
    assert_eq!(sign(&constraints, "ac").map(drop), Err(Refusal::Hop(1)));
    assert_eq!(sign(&constraints, "abd").map(drop), Err(Refusal::Hop(2)));
    assert_eq!(list(&constraints, "ax"), Err(Refusal::Hop(1)));
}

#[test]
fn multihop_user_counts_at_the_last_hop_only() {
    let constraints = restrict(&[
        "host_a",
        "host_a>*@host_b",
        "host_b>alice@host_c",
        "host_c>bob@host_d",
        "host_d>*@host_e",
    ]);
    assert!(sign(&constraints, "abc").is_ok());
    assert_eq!(sign(&constraints, "abcd").map(drop), Err(Refusal::Hop(3)));
    // The user of the fourth hop is not known any more; whoever got there had it signed.
    assert!(sign(&constraints, "abcde").is_ok());
}

#[test]
fn multihop_cycle_needs_its_own_steps() {
    let mut specs = CHAIN.to_vec();
    let constraints = restrict(&specs);
    assert_eq!(sign(&constraints, "aba").map(drop), Err(Refusal::Hop(2)));
    specs.extend(["host_b>host_a", "host_a>host_a", "host_a>host_c"]);
    let constraints = restrict(&specs);
    for length in 1..=7 {
        let path = &"abaacde"[..length];
        assert!(sign(&constraints, path).is_ok(), "{path}");
        assert_eq!(list(&constraints, path).is_ok(), length < 7, "{path}");
    }
}

#[test]
fn permission_names_the_first_and_the_last_host() {
    let constraints = restrict(&CHAIN);
    assert_eq!(
        sign(&constraints, "abc"),
        Ok(Permission {
            forwarded_to: Some("host_a"),
            destination: Some("host_c"),
        })
    );
    assert_eq!(
        sign(&constraints, "a"),
        Ok(Permission {
            forwarded_to: None,
            destination: Some("host_a"),
        })
    );
}

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
