//! Adding, listing, signing with and removing keys.

use super::*;
use crate::front::verify::verify;
use crate::key::test_key::TestRsa;
use crate::protocol::wire::Reader;

#[test]
fn new_agent_lists_nothing() {
    run(async {
        let world = World::new();
        assert!(list(&mut world.session()).await.is_empty());
    });
}

#[test]
fn every_kind_of_key_is_added_listed_and_signs() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let mut blobs = Vec::new();
        for name in test_key::SOFTWARE {
            let message = test_key::recorded(name);
            let (blob, _) = test_key::blob_and_fields(&message);
            succeeds(&mut session, &message).await;
            assert!(signs(&mut session, &blob).await, "{name}");
            blobs.push(blob);
        }
        let listed = list(&mut world.session()).await.into_iter();
        assert_eq!(listed.map(|(blob, _)| blob).collect::<Vec<_>>(), blobs);
    });
}

#[test]
fn adding_again_replaces_the_comment_and_keeps_the_place() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        for name in ["a", "b"] {
            succeeds(&mut session, &add(name, b"")).await;
        }
        let again = test_key::add(&test_key::ed25519("a"), b"new", b"");
        succeeds(&mut session, &again).await;
        assert_eq!(names(&mut session).await, ["new", "b"]);
        assert_eq!(world.kept().await, 2);
        assert!(signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn removed_key_neither_stands_in_the_list_nor_signs() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        for name in ["a", "b"] {
            succeeds(&mut session, &add(name, b"")).await;
        }
        succeeds(&mut session, &remove(&blob("a"))).await;
        assert_eq!(names(&mut session).await, ["b"]);
        assert!(!signs(&mut session, &blob("a")).await);
        assert!(signs(&mut session, &blob("b")).await);
        fails(&mut session, &remove(&blob("a"))).await;
        assert_eq!(world.kept().await, 1);
    });
}

#[test]
fn all_keys_are_removed_at_once() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", b"")).await;
        succeeds(&mut session, &test_key::recorded("sk-ed25519")).await;
        succeeds(&mut session, REMOVE_ALL).await;
        assert!(list(&mut session).await.is_empty());
        assert_eq!(world.kept().await, 0);
        succeeds(&mut session, REMOVE_ALL).await;
    });
}

#[test]
fn removing_keys_of_the_first_protocol_succeeds_without_any() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", b"")).await;
        succeeds(&mut session, &[9]).await;
        assert_eq!(names(&mut session).await, ["a"]);
    });
}

#[test]
fn requests_that_are_unknown_or_malformed_fail() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        for number in (0..=255).filter(|number| ![9, 11, 19, 27].contains(number)) {
            fails(&mut session, &[number]).await;
        }
        fails(&mut session, b"").await;
        fails(&mut session, &[11, 0]).await;
        fails(&mut session, &[9, 0]).await;
        fails(&mut session, &text(27, b"unknown@example.org")).await;
        fails(&mut session, &text(20, b"/usr/lib/pkcs11.so")).await;
        assert!(!signs(&mut session, &blob("a")).await);
    });
}

#[test]
fn query_lists_the_extensions() {
    run(async {
        let world = World::new();
        let Response::ExtensionResponse { name, body } = world.session().asked(&query()).await
        else {
            panic!("no answer to the query");
        };
        let mut reader = Reader::new(&body);
        let mut names = Vec::new();
        while !reader.is_empty() {
            names.push(reader.text("extension").unwrap());
        }
        assert_eq!(name, "query");
        assert_eq!(names, Extension::SUPPORTED);
    });
}

#[test]
fn rsa_flags_choose_the_hash_and_never_sha_1() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let key = TestRsa::of_bits(2048);
        let message = test_key::add(&key.fields(), b"rsa", b"");
        succeeds(&mut session, &message).await;
        for (flags, expected) in [
            (0, "rsa-sha2-256"),
            (1, "rsa-sha2-256"),
            (2, "rsa-sha2-256"),
            (4, "rsa-sha2-512"),
            (6, "rsa-sha2-256"),
        ] {
            let answer = session.asked(&sign(&key.blob(), DATA, flags)).await;
            let Response::SignResponse(signature) = answer else {
                panic!("flags {flags}");
            };
            let algorithm = Reader::new(&signature).string().unwrap();
            assert_eq!(algorithm, expected.as_bytes(), "flags {flags}");
            verify(&key.blob(), &signature, DATA).unwrap();
        }
    });
}

#[test]
fn flags_mean_nothing_to_other_keys() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &add("a", b"")).await;
        let answer = session.asked(&sign(&blob("a"), DATA, u32::MAX)).await;
        assert!(matches!(answer, Response::SignResponse(_)));
    });
}

#[test]
fn nothing_is_left_of_a_key_that_is_not_consistent() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let rsa = TestRsa::of_bits(2048);
        let mut swapped = rsa.clone();
        core::mem::swap(&mut swapped.p, &mut swapped.q);
        let mut foreign = rsa;
        foreign.d[8] ^= 1;
        let mut ed25519 = test_key::ed25519("a");
        let last = ed25519.len() - 1;
        ed25519[last] ^= 1;
        let (_, mut ecdsa) = test_key::blob_and_fields(&test_key::recorded("ecdsa-p384"));
        let last = ecdsa.len() - 1;
        ecdsa[last] ^= 1;
        for fields in [swapped.fields(), foreign.fields(), ed25519, ecdsa] {
            fails(&mut session, &test_key::add(&fields, b"bad", b"")).await;
        }
        assert!(list(&mut session).await.is_empty());
        assert_eq!(world.kept().await, 0);
    });
}

#[test]
fn inconsistent_key_leaves_the_one_it_would_replace() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let key = TestRsa::of_bits(2048);
        succeeds(&mut session, &test_key::add(&key.fields(), b"good", b"")).await;
        let mut bad = key.clone();
        bad.d[8] ^= 1;
        fails(&mut session, &test_key::add(&bad.fields(), b"bad", b"")).await;
        assert_eq!(names(&mut session).await, ["good"]);
        assert!(signs(&mut session, &key.blob()).await);
    });
}
