//! What OpenSSH's clients sent, byte for byte (`testdata/record-messages.py` recorded it).

use core::time::Duration;
use std::fs;
use std::path::PathBuf;

use keyward_agent::protocol::algorithm::{Curve, KeyType, SignFlags};
use keyward_agent::protocol::constraint::Constraints;
use keyward_agent::protocol::extension::Extension;
use keyward_agent::protocol::message::{AddIdentity, Request, SignRequest};
use keyward_agent::protocol::private_key::Material;

use crate::encode;

/// The passphrase of the recorded lock and PIN.
const PASSPHRASE: &str = "correct horse";

fn message(name: &str) -> Vec<u8> {
    fs::read(folder().join(name).with_extension("bin")).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/messages")
}

fn every_message() -> Vec<(String, Vec<u8>)> {
    let mut messages: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    messages.sort();
    assert!(messages.len() > 30, "{} messages", messages.len());
    messages
}

fn added(message: &[u8]) -> AddIdentity<'_> {
    match Request::decode(message).unwrap() {
        Request::AddIdentity(add) => add,
        other => panic!("{other:?} is no add request"),
    }
}

fn signed(message: &[u8]) -> SignRequest<'_> {
    match Request::decode(message).unwrap() {
        Request::SignRequest(sign) => sign,
        other => panic!("{other:?} is no sign request"),
    }
}

/// Says whether a request was understood to its last byte.
fn is_whole(message: &[u8]) -> bool {
    !matches!(
        Request::decode(message),
        Err(_)
            | Ok(Request::Extension(
                Extension::SessionBind(Err(_)) | Extension::Unsupported(_)
            ))
    )
}

fn constraint_count(message: &[u8]) -> usize {
    let Ok(Request::AddIdentity(add)) = Request::decode(message) else {
        return 0;
    };
    let constraints = add.constraints;
    usize::from(constraints.lifetime.is_some())
        + usize::from(constraints.confirm)
        + usize::from(constraints.sk_provider.is_some())
        + usize::from(!constraints.destinations.is_empty())
}

#[test]
fn every_message_encodes_to_the_same_bytes() {
    for (name, message) in every_message() {
        let request = Request::decode(&message).unwrap_or_else(|error| panic!("{name}: {error}"));
        if !matches!(request, Request::SmartcardKey) {
            assert_eq!(encode::request(&request), message, "{name}");
        }
    }
}

#[test]
fn no_message_is_whole_when_it_is_cut_short() {
    for (name, message) in every_message() {
        if name.contains("smartcard") {
            continue;
        }
        // Between two constraints a message can end.
        let whole = (0..message.len()).filter(|length| is_whole(&message[..*length]));
        assert_eq!(whole.count(), constraint_count(&message), "{name}");
    }
}

#[test]
fn no_message_is_whole_with_a_byte_behind_it() {
    for (name, mut message) in every_message() {
        if !name.contains("smartcard") {
            message.push(0);
            assert!(!is_whole(&message), "{name}");
        }
    }
}

#[test]
fn keys_have_the_type_they_were_made_with() {
    for key_type in KeyType::ALL {
        let name = match key_type {
            KeyType::Ed25519 => "ed25519",
            KeyType::EcdsaP256 => "ecdsa-p256",
            KeyType::EcdsaP384 => "ecdsa-p384",
            KeyType::EcdsaP521 => "ecdsa-p521",
            KeyType::Rsa => "rsa",
            KeyType::SkEd25519 => "sk-ed25519",
            KeyType::SkEcdsaP256 => "sk-ecdsa-p256",
        };
        let plain = message(&format!("add-{name}"));
        let certified = message(&format!("add-{name}-certificate"));
        let (plain, certified) = (added(&plain), added(&certified));
        assert_eq!(plain.key.key_type(), key_type);
        assert_eq!(certified.key.key_type(), key_type);
        assert_eq!(plain.comment, format!("{name} key").as_bytes());
        assert_eq!(plain.key.certificate, None);
        assert_eq!(certified.key.plain_blob(), plain.key.plain_blob(), "{name}");
        assert_eq!(certified.key.certificate, Some(&*certified.key.blob()));
    }
}

#[test]
fn public_keys_are_those_another_decoder_finds() {
    for key_type in ["ed25519", "rsa", "sk-ed25519"] {
        let message = message(&format!("add-{key_type}"));
        let key = added(&message).key;
        let other = ssh_key::PublicKey::from_bytes(&key.plain_blob()).unwrap();
        assert_eq!(other.algorithm().as_str(), key.key_type().name());
    }
}

#[test]
fn certificates_are_those_another_decoder_finds() {
    let message = message("add-rsa-certificate");
    let key = added(&message).key;
    let other = ssh_key::Certificate::from_bytes(&key.blob()).unwrap();
    assert_eq!(other.key_id(), "rsa certificate");
    let public = ssh_key::PublicKey::from(other.public_key().clone());
    assert_eq!(public.to_bytes().unwrap(), key.plain_blob());
}

#[test]
fn secrets_have_the_length_of_their_type() {
    let ed25519 = message("add-ed25519");
    let Material::Ed25519 { public, secret } = added(&ed25519).key.material else {
        panic!("other material");
    };
    assert_eq!(secret[32..], public[..]);

    let ecdsa = message("add-ecdsa-p384-certificate");
    let Material::Ecdsa { curve, scalar, .. } = added(&ecdsa).key.material else {
        panic!("other material");
    };
    assert_eq!(curve, Curve::P384);
    assert!((40..=48).contains(&scalar.len()));

    let rsa = message("add-rsa");
    let Material::Rsa { n, e, p, q, .. } = added(&rsa).key.material else {
        panic!("other material");
    };
    assert_eq!(
        (n.len(), e, p.len(), q.len()),
        (256, &[1, 0, 1][..], 128, 128)
    );
}

#[test]
fn key_bytes_are_what_stands_before_the_comment() {
    for name in ["add-ed25519-everything", "add-rsa-certificate"] {
        let message = message(name);
        let add = added(&message);
        let mut key_bytes = Vec::new();
        encode::put_private_key(&mut key_bytes, &add.key);
        assert_eq!(add.key_bytes, key_bytes, "{name}");
    }
}

#[test]
fn a_key_in_a_token_names_its_provider() {
    let internal = message("add-sk-ed25519");
    let provider = added(&internal).constraints.sk_provider;
    assert_eq!(provider.as_deref(), Some("internal"));

    let library = message("add-sk-ed25519-provider");
    let provider = added(&library).constraints.sk_provider;
    assert_eq!(provider.as_deref(), Some("/usr/lib/openssh/sk-provider.so"));
}

#[test]
fn constraints_are_what_the_options_asked_for() {
    let plain = message("add-ed25519");
    assert_eq!(added(&plain).constraints, Constraints::default());

    let lifetime = message("add-ed25519-lifetime");
    let expected = Constraints {
        lifetime: Some(Duration::from_secs(3600)),
        ..Constraints::default()
    };
    assert_eq!(added(&lifetime).constraints, expected);

    let confirm = message("add-ed25519-confirm");
    let expected = Constraints {
        confirm: true,
        ..Constraints::default()
    };
    assert_eq!(added(&confirm).constraints, expected);
}

#[test]
fn destinations_are_what_the_options_asked_for() {
    let message = message("add-ed25519-everything");
    let constraints = added(&message).constraints;
    assert_eq!(constraints.lifetime, Some(Duration::from_secs(86400)));
    assert!(constraints.confirm);
    let hops: Vec<_> = constraints
        .destinations
        .iter()
        .map(|hop| (&*hop.from.host, &*hop.to.user, &*hop.to.host))
        .collect();
    let expected = [
        ("", "", "bastion"),
        ("bastion", "alice", "web"),
        ("", "bob", "db.example.org"),
    ];
    assert_eq!(hops, expected);
    let [_, web, database] = &constraints.destinations[..] else {
        panic!("not three destinations");
    };
    assert_eq!((web.from.keys.len(), web.to.keys.len()), (1, 2));
    assert!(database.to.keys[0].is_ca);
}

#[test]
fn sign_requests_name_the_key_the_data_and_the_flags() {
    let ed25519 = message("sign-ed25519");
    let key = message("add-ed25519");
    assert_eq!(signed(&ed25519).key_blob, added(&key).key.blob());
    assert_eq!(signed(&ed25519).data.len(), 1024);
    assert_eq!(signed(&ed25519).flags, SignFlags::default());

    let rsa = message("sign-rsa");
    assert_eq!(signed(&rsa).flags, SignFlags::default());

    let sshsig = message("sign-sshsig-rsa");
    assert_eq!(signed(&sshsig).flags, SignFlags::RSA_SHA2_512);
    assert!(signed(&sshsig).data.starts_with(b"SSHSIG"));
}

#[test]
fn other_requests_are_what_they_are_called() {
    let key = message("add-ed25519");
    let blob = added(&key).key.blob();
    for (name, bytes) in every_message() {
        let is_expected = match (name.as_str(), Request::decode(&bytes).unwrap()) {
            ("lock", Request::Lock(passphrase)) | ("unlock", Request::Unlock(passphrase)) => {
                passphrase == PASSPHRASE.as_bytes()
            }
            ("remove-identity", Request::RemoveIdentity(removed)) => removed == blob,
            ("session-bind", Request::Extension(Extension::SessionBind(bind))) => {
                !bind.unwrap().forwarding
            }
            ("session-bind-forwarding", Request::Extension(Extension::SessionBind(bind))) => {
                bind.unwrap().forwarding
            }
            ("query", Request::Extension(Extension::Query)) => true,
            (name, Request::AddIdentity(_)) => name.starts_with("add-"),
            (name, Request::SignRequest(_)) => name.starts_with("sign-"),
            (name, Request::SmartcardKey) => name.contains("smartcard-key"),
            (name, request) => name == request.name().replace(' ', "-"),
        };
        assert!(is_expected, "{name}");
    }
}

#[test]
fn debug_shows_no_passphrase_and_no_key() {
    for (name, bytes) in every_message() {
        let request = Request::decode(&bytes).unwrap();
        let shown = format!("{request:?}");
        assert!(!shown.contains(PASSPHRASE), "{name}: {shown}");
        if let Request::AddIdentity(add) = request {
            // Numbers in lists are how bytes show themselves, in decimal or hexadecimal.
            let key = format!("{:?} {:?}", add.key, add.key.material);
            assert!(!key.contains([',', '[', '\\']), "{name}: {key}");
            assert!(shown.starts_with(&format!("AddIdentity {{ key: {:?}, ", add.key)));
        }
    }
}
