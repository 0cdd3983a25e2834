//! Requests that were never recorded but are allowed, and bytes that are no request at all.

use keyward_agent::protocol::algorithm::KeyType;
use keyward_agent::protocol::frame::{self, HEADER_LENGTH};
use keyward_agent::protocol::message::{IdentitiesAnswer, Request, Response};
use keyward_agent::protocol::wire::{Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::encode;

/// A big-endian number of exactly `length` bytes.
fn number(length: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), length).prop_map(|mut bytes| {
        bytes[0] |= 0x80;
        bytes
    })
}

fn string(value: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    field.put_string(value);
    field
}

fn numbers(values: &[&[u8]]) -> Vec<u8> {
    let mut fields = Vec::new();
    for value in values {
        fields.put_mpint(value);
    }
    fields
}

/// The parts of a key as they stand in messages.
#[derive(Clone, Debug)]
struct Parts {
    key_type: KeyType,
    /// The public fields in a blob.
    public: Vec<u8>,
    /// The public fields in an add request.
    added: Vec<u8>,
    /// Those of them that are repeated behind a certificate.
    repeated: Vec<u8>,
    secret: Vec<u8>,
}

fn ed25519() -> impl Strategy<Value = Parts> {
    any::<([u8; 32], [u8; 32])>().prop_map(|(seed, public)| Parts {
        key_type: KeyType::Ed25519,
        public: string(&public),
        added: string(&public),
        repeated: string(&public),
        secret: string(&[seed, public].concat()),
    })
}

fn ecdsa() -> impl Strategy<Value = Parts> {
    prop::sample::select(vec![
        KeyType::EcdsaP256,
        KeyType::EcdsaP384,
        KeyType::EcdsaP521,
    ])
    .prop_flat_map(|key_type| {
        let length = key_type.curve().unwrap().field_length();
        let scalar = (1..=length).prop_flat_map(number);
        (Just(key_type), vec(any::<u8>(), 2 * length), scalar)
    })
    .prop_map(|(key_type, coordinates, scalar)| {
        let public = point(key_type, &coordinates);
        Parts {
            key_type,
            added: public.clone(),
            public,
            repeated: Vec::new(),
            secret: numbers(&[&scalar]),
        }
    })
}

fn point(key_type: KeyType, coordinates: &[u8]) -> Vec<u8> {
    let mut fields = string(key_type.curve().unwrap().name().as_bytes());
    fields.put_string(&[&[4], coordinates].concat());
    fields
}

fn rsa() -> impl Strategy<Value = Parts> {
    let modulus = (256_usize..=2048).prop_flat_map(number);
    (modulus, (1_usize..=4).prop_flat_map(number), number(128)).prop_map(|(n, e, number)| Parts {
        key_type: KeyType::Rsa,
        public: numbers(&[&e, &n]),
        added: numbers(&[&n, &e]),
        repeated: Vec::new(),
        secret: numbers(&[number.as_slice(); 4]),
    })
}

fn token() -> impl Strategy<Value = Parts> {
    let application = "[a-z.:]{0,40}";
    let handle = vec(any::<u8>(), 0..300);
    (
        any::<bool>(),
        vec(any::<u8>(), 64),
        application,
        any::<u8>(),
        handle,
    )
        .prop_map(|(is_ed25519, coordinates, application, flags, handle)| {
            let application = string(application.as_bytes());
            let (key_type, key) = if is_ed25519 {
                (KeyType::SkEd25519, string(&coordinates[..32]))
            } else {
                (
                    KeyType::SkEcdsaP256,
                    point(KeyType::SkEcdsaP256, &coordinates),
                )
            };
            let public = [key, application.clone()].concat();
            Parts {
                key_type,
                added: public.clone(),
                repeated: if is_ed25519 {
                    public.clone()
                } else {
                    application
                },
                public,
                secret: [vec![flags], string(&handle), string(b"")].concat(),
            }
        })
}

/// A private key as it stands in an add request.
fn private_key() -> impl Strategy<Value = Vec<u8>> {
    let parts = prop_oneof![ed25519(), ecdsa(), rsa(), token()];
    (parts, any::<bool>()).prop_map(|(parts, is_certified)| {
        let mut key = Vec::new();
        if is_certified {
            key.put_string(parts.key_type.certificate_name().as_bytes());
            key.put_string(&certificate(&parts));
            key.extend(parts.repeated);
        } else {
            key.put_string(parts.key_type.name().as_bytes());
            key.extend(parts.added);
        }
        key.extend(parts.secret);
        key
    })
}

fn certificate(parts: &Parts) -> Vec<u8> {
    let authority = [string(b"ssh-ed25519"), string(&[7; 32])].concat();
    let mut blob = string(parts.key_type.certificate_name().as_bytes());
    blob.put_string(&[1; 32]);
    blob.extend(&parts.public);
    blob.extend(9_u64.to_be_bytes());
    blob.put_uint32(1);
    blob.put_string(b"key id");
    blob.put_string(&string(b"alice"));
    blob.extend(0_u64.to_be_bytes());
    blob.extend(u64::MAX.to_be_bytes());
    blob.put_string(b"");
    blob.put_string(&[string(b"permit-pty"), string(b"")].concat());
    blob.put_string(b"");
    blob.put_string(&authority);
    blob.put_string(b"signature");
    blob
}

fn constraints() -> impl Strategy<Value = Vec<u8>> {
    let lifetime = prop::option::of(any::<u32>());
    let provider = prop::option::of("[a-zA-Z/.é-]{1,60}");
    (lifetime, any::<bool>(), provider).prop_map(|(lifetime, confirm, provider)| {
        let mut fields = Vec::new();
        if let Some(seconds) = lifetime {
            fields.push(1);
            fields.put_uint32(seconds);
        }
        if confirm {
            fields.push(2);
        }
        if let Some(provider) = provider {
            fields.push(255);
            fields.put_string(b"sk-provider@openssh.com");
            fields.put_string(provider.as_bytes());
        }
        fields
    })
}

fn add_identity() -> impl Strategy<Value = Vec<u8>> {
    let comment = vec(1_u8.., 0..80);
    (private_key(), comment, constraints()).prop_map(|(key, comment, constraints)| {
        let number = if constraints.is_empty() { 17 } else { 25 };
        [vec![number], key, string(&comment), constraints].concat()
    })
}

fn sign_request() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || vec(any::<u8>(), 0..600);
    (bytes(), bytes(), any::<u32>()).prop_map(|(blob, data, flags)| {
        let flags = flags.to_be_bytes().to_vec();
        [vec![13], string(&blob), string(&data), flags].concat()
    })
}

fn text_request() -> impl Strategy<Value = Vec<u8>> {
    let number = prop::sample::select(vec![18, 22, 23]);
    (number, vec(any::<u8>(), 0..300)).prop_map(|(number, text)| {
        let mut message = vec![number];
        message.put_string(&text);
        message
    })
}

proptest! {
    #[test]
    fn requests_encode_to_the_same_bytes(
        message in prop_oneof![3 => add_identity(), 1 => sign_request(), 1 => text_request()]
    ) {
        let request = Request::decode(&message).unwrap();
        prop_assert_eq!(encode::request(&request), message);
    }

    #[test]
    fn add_requests_are_no_request_when_they_are_cut_short(
        message in add_identity(),
        cut in any::<prop::sample::Index>(),
    ) {
        // Only constraints may be missing, and then nothing else is.
        let length = cut.index(message.len());
        if let Ok(request) = Request::decode(&message[..length]) {
            let mut encoded = encode::request(&request);
            encoded[0] = message[0];
            prop_assert_eq!(&encoded, &message[..length]);
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(message in vec(any::<u8>(), 0..2000)) {
        let _ = Request::decode(&message).map(|request| format!("{request:?}"));
    }

    #[test]
    fn any_bytes_behind_a_message_type_are_decoded_or_refused(
        number in 0_u8..32,
        body in vec(any::<u8>(), 0..2000),
    ) {
        let message = [vec![number], body].concat();
        let _ = Request::decode(&message).map(|request| format!("{request:?}"));
    }

    #[test]
    fn lists_hold_what_they_were_made_of(
        identities in vec((vec(any::<u8>(), 0..200), vec(1_u8.., 0..60)), 0..40),
    ) {
        let list = identities.iter().map(|(blob, comment)| (&**blob, &**comment));
        let answer = IdentitiesAnswer::encode(list);
        prop_assert_eq!(answer.left_out, 0);
        let bytes = Response::IdentitiesAnswer(answer.body).encode();
        let frame = frame::split(&bytes).unwrap().unwrap();
        prop_assert_eq!(frame.consumed, bytes.len());
        let mut reader = Reader::new(&bytes[HEADER_LENGTH..]);
        prop_assert_eq!(reader.byte(), Ok(12));
        prop_assert_eq!(usize::try_from(reader.uint32().unwrap()), Ok(identities.len()));
        for (blob, comment) in &identities {
            prop_assert_eq!(reader.string(), Ok(&**blob));
            prop_assert_eq!(reader.string(), Ok(&**comment));
        }
        prop_assert_eq!(reader.finish(), Ok(()));
    }
}
