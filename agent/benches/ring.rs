//! The key ring, nearly empty and full.

use std::hint::black_box;
use std::rc::Rc;

use criterion::Criterion;
use keyward_agent::front::ring::{Identity, Ring, Signer};
use keyward_agent::keeper::channel::KeyId;
use keyward_agent::protocol::algorithm::KeyType;
use keyward_agent::protocol::message::IdentitiesAnswer;

/// The size of an Ed25519 public key blob in bytes.
const BLOB: usize = 51;

pub(crate) fn measure(criterion: &mut Criterion) {
    for count in [1, 10_000] {
        let mut ring = Ring::default();
        for number in 0..count {
            ring.put(identity(number)).unwrap();
        }
        let wanted = blob(count / 2);
        criterion.bench_function(&format!("ring/find in {count}"), |bencher| {
            bencher.iter(|| ring.find(black_box(&wanted)).unwrap());
        });
        criterion.bench_function(&format!("ring/put and remove in {count}"), |bencher| {
            bencher.iter(|| {
                ring.put(identity(count)).unwrap();
                ring.remove(&blob(count))
            });
        });
        criterion.bench_function(&format!("ring/list {count}"), |bencher| {
            bencher.iter(|| {
                let listed = ring
                    .iter()
                    .map(|identity| (&*identity.blob, &*identity.comment));
                IdentitiesAnswer::encode(listed)
            });
        });
    }
}

fn blob(number: u64) -> [u8; BLOB] {
    let mut blob = [7; BLOB];
    *blob.last_chunk_mut().unwrap() = number.to_be_bytes();
    blob
}

fn identity(number: u64) -> Identity {
    Identity {
        blob: Rc::from(blob(number)),
        key_type: KeyType::Ed25519,
        comment: b"somebody@somewhere".to_vec(),
        fingerprint: String::new(),
        shown_fingerprint: String::new(),
        signer: Signer::Keeper(KeyId(number)),
        expires: None,
        confirm: false,
        destinations: Vec::new(),
        from_vault: false,
    }
}
