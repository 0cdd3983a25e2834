//! How long it takes to open a vault of 10,000 keys, to save it after one change, and to unlock it.
#![allow(missing_docs, clippy::unwrap_used, reason = "measurements")]

use std::ffi::OsStr;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use keyward_vault::store::Copies;
use keyward_vault::vault::{FirstSlots, NewKey};
use keyward_vault::{
    Cost, Metadata, Opener, Passphrase, RecoveryCode, Sealed, Secret, SystemEntropy, Timestamp,
    Vault,
};

const NOW: Timestamp = Timestamp(1_780_000_000);

const KEYS: u32 = 10_000;

/// A key of the length of an Ed25519 key.
fn key(number: u32) -> NewKey {
    let string = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap();
        [&length.to_be_bytes()[..], bytes].concat()
    };
    let mut public = [7; 32];
    for (byte, other) in public.iter_mut().zip(number.to_be_bytes()) {
        *byte = other;
    }
    let private = [
        string(b"ssh-ed25519"),
        string(&public),
        string(&[public, public].concat()),
    ];
    NewKey {
        private: Secret::new(private.concat()),
        metadata: Metadata {
            name: format!("key {number}"),
            comment: format!("user{number}@host.example").into_bytes(),
            ..Metadata::default()
        },
    }
}

/// A vault that a recovery code opens, so that no derivation is measured.
fn vault(keys: u32) -> (Vec<u8>, RecoveryCode) {
    let random = &mut SystemEntropy;
    let code = RecoveryCode::generate(random).unwrap();
    let passphrase = Passphrase::new("a passphrase").unwrap();
    let slots = FirstSlots {
        passphrase: &passphrase,
        cost: Cost::DEFAULT,
        recovery: Some(&code),
    };
    let mut vault = Vault::create(&slots, NOW, random).unwrap();
    for number in 0..keys {
        vault.insert(key(number), NOW, random).unwrap();
    }
    (vault.seal(NOW, random).unwrap(), code)
}

fn open(file: &[u8], code: &RecoveryCode) -> Vault {
    let sealed = Sealed::read(file.to_vec()).unwrap();
    sealed.unlock(&Opener::RecoveryCode(code)).unwrap()
}

/// A copy of 10,000 keys: written, read back, made to last, and judged; beside it, what writing the same bytes costs.
fn copies(criterion: &mut Criterion) {
    let (file, _) = vault(KEYS);
    let folder = tempfile::tempdir().unwrap();
    let copies = Copies::at(folder.path());
    let name = OsStr::new("copy.vault");
    criterion.bench_function("copy 10,000 keys and verify the copy", |bencher| {
        bencher.iter(|| {
            copies.write(name, &file).unwrap();
            let copy = copies.read(name).unwrap().unwrap();
            let records = Sealed::read(copy).unwrap().records();
            copies.remove(name).unwrap();
            records
        });
    });
    criterion.bench_function("write as many bytes and make them last", |bencher| {
        let path = folder.path().join("plain");
        bencher.iter(|| {
            let mut plain = File::create(&path).unwrap();
            plain.write_all(&file).unwrap();
            plain.sync_all().unwrap();
        });
    });
}

fn ten_thousand(criterion: &mut Criterion) {
    let (file, code) = vault(KEYS);
    criterion.bench_function("read without a secret", |bencher| {
        bencher.iter_batched(
            || file.clone(),
            |file| Sealed::read(file).unwrap(),
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function("open and list 10,000 keys", |bencher| {
        bencher.iter(|| {
            let vault = open(black_box(&file), &code);
            vault.keys().map(|key| key.name().len()).sum::<usize>()
        });
    });
    let opened = open(&file, &code);
    let id = opened.key_named("key 77").unwrap().id();
    criterion.bench_function("change one of them and seal", |bencher| {
        bencher.iter_batched_ref(
            || open(&file, &code),
            |vault| {
                vault
                    .update(id, NOW, &mut SystemEntropy, |key| key.confirm = true)
                    .unwrap();
                vault.seal(NOW, &mut SystemEntropy).unwrap()
            },
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function("read back what was sealed", |bencher| {
        bencher.iter(|| opened.reread(file.clone()).unwrap());
    });
    criterion.bench_function("open one private key", |bencher| {
        bencher.iter(|| opened.private(id).unwrap());
    });
}

fn unlock(criterion: &mut Criterion) {
    let (file, _) = vault(1);
    let sealed = Sealed::read(file).unwrap();
    let passphrase = Passphrase::new("a passphrase").unwrap();
    let mut group = criterion.benchmark_group("unlock");
    group.sample_size(10);
    group.bench_function("default cost", |bencher| {
        bencher.iter(|| sealed.unlock(&Opener::Passphrase(&passphrase)).unwrap());
    });
}

criterion_group!(benches, copies, ten_thousand, unlock);
criterion_main!(benches);
