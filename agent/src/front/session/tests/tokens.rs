//! Keys in tokens, and the libraries that talk to tokens.

use super::constraints::provider;
use super::*;

/// A library that the rules allow, in a folder that they allow.
struct Library {
    _folder: tempfile::TempDir,
    path: String,
    allowed: String,
}

impl Library {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let path = real.join("provider.so");
        fs::write(&path, "").unwrap();
        Self {
            path: path.display().to_string(),
            allowed: format!("{}/*", real.display()),
            _folder: folder,
        }
    }

    fn world(&self, allow_remote_providers: bool) -> World {
        World::with(|parts| {
            parts.rules.providers = AllowedProviders::new(self.allowed.clone());
            parts.rules.allow_remote_providers = allow_remote_providers;
        })
    }
}

fn token(constraints: &[u8]) -> Vec<u8> {
    let (_, fields) = test_key::blob_and_fields(&test_key::recorded("sk-ed25519"));
    test_key::add(&fields, b"token", constraints)
}

/// A key of a relying party that is not of SSH.
fn web_token() -> (Vec<u8>, Vec<u8>) {
    let mut fields = Vec::new();
    fields.put_string(b"sk-ssh-ed25519@openssh.com");
    fields.put_string(&[7; 32]);
    fields.put_string(b"https://example.org");
    fields.push(1);
    fields.put_string(b"handle");
    fields.put_string(b"");
    let message = test_key::add(&fields, b"web", b"");
    (test_key::blob_and_fields(&message).0, message)
}

#[test]
fn every_kind_of_token_key_is_listed_and_kept_by_no_keeper() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        for name in [
            "sk-ed25519",
            "sk-ed25519-certificate",
            "sk-ecdsa-p256",
            "sk-ecdsa-p256-certificate",
        ] {
            succeeds(&mut session, &test_key::recorded(name)).await;
        }
        assert_eq!(list(&mut session).await.len(), 4);
        assert_eq!(world.kept().await, 0);
    });
}

#[test]
fn token_key_fails_to_sign_without_the_helper() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        succeeds(&mut session, &token(b"")).await;
        let (blob, _) = test_key::blob_and_fields(&token(b""));
        fails(&mut session, &sign(&blob, DATA, 0)).await;
    });
}

#[test]
fn library_that_is_allowed_is_taken_from_local_clients() {
    run(async {
        let library = Library::new();
        let world = library.world(false);
        let mut session = world.session();
        succeeds(&mut session, &token(&provider(&library.path))).await;
        assert_eq!(names(&mut session).await, ["token"]);
    });
}

#[test]
fn library_is_refused_to_bound_connections_and_to_those_whose_bind_failed() {
    run(async {
        let library = Library::new();
        let world = library.world(false);
        let message = token(&provider(&library.path));
        for forwarding in [false, true] {
            fails(&mut world.bound("host", forwarding).await, &message).await;
        }
        let mut broken = world.session();
        broken.asked(&text(27, b"session-bind@openssh.com")).await;
        fails(&mut broken, &message).await;
        assert!(list(&mut world.session()).await.is_empty());
    });
}

#[test]
fn library_is_taken_from_remote_clients_where_that_is_allowed() {
    run(async {
        let library = Library::new();
        let world = library.world(true);
        let message = token(&provider(&library.path));
        succeeds(&mut world.bound("host", true).await, &message).await;
    });
}

#[test]
fn internal_provider_is_taken_from_remote_clients() {
    run(async {
        let world = World::new();
        let mut session = world.bound("host", true).await;
        succeeds(&mut session, &token(&provider("internal"))).await;
    });
}

#[test]
fn library_outside_the_allowed_folders_is_refused() {
    run(async {
        let library = Library::new();
        let world = World::new();
        let mut session = world.session();
        fails(&mut session, &token(&provider(&library.path))).await;
        fails(&mut session, &token(&provider("/usr/lib/nonexistent.so"))).await;
        assert!(list(&mut session).await.is_empty());
    });
}

#[test]
fn provider_for_a_key_in_no_token_is_refused() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        fails(&mut session, &add("a", &provider("internal"))).await;
        assert_eq!((list(&mut session).await.len(), world.kept().await), (0, 0));
    });
}

#[test]
fn key_of_a_web_origin_signs_what_is_of_ssh_only() {
    run(async {
        let world = World::new();
        let mut session = world.session();
        let (blob, message) = web_token();
        succeeds(&mut session, &message).await;
        fails(&mut session, &sign(&blob, DATA, 0)).await;
        let reason = "data is not of ssh, and the key belongs to a web origin";
        assert_eq!(world.records().pop().unwrap()["reason"], reason);
    });
}
