//! The scenarios of OpenSSH's `regress/agent-restrict.sh`, and forged certificates.

use super::*;

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
