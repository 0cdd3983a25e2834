//! Signatures as the keeper makes them: on a secret stack, with keys on the heap of secrets.

use std::hint::black_box;

use criterion::Criterion;
use keyward_agent::key::signing_key::SigningKey;
use keyward_agent::protocol::algorithm::SignatureAlgorithm;
use keyward_agent::secret_memory::heap;
use keyward_agent::secret_memory::region::Protection;
use keyward_agent::secret_memory::stack::SecretStack;

use crate::material::{ADD, key_bytes};

const ALGORITHMS: [SignatureAlgorithm; 5] = [
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::EcdsaP256,
    SignatureAlgorithm::EcdsaP384,
    SignatureAlgorithm::EcdsaP521,
    SignatureAlgorithm::RsaSha512,
];

pub(crate) fn measure(criterion: &mut Criterion) {
    heap::map(Protection::MemfdSecret).unwrap();
    let mut stack = SecretStack::map(Protection::MemfdSecret).unwrap();
    for ((name, message), algorithm) in ADD.into_iter().zip(ALGORITHMS) {
        let key = stack.run(|| SigningKey::read(key_bytes(message))).unwrap();
        criterion.bench_function(&format!("sign/{name}"), |bencher| {
            bencher.iter(|| stack.run(|| key.sign(algorithm, black_box(&[7; 300]))));
        });
    }
    criterion.bench_function("sign/nothing, on a secret stack", |bencher| {
        bencher.iter(|| stack.run(|| black_box(7)));
    });
}
