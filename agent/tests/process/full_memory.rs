//! A keeper whose memory for secrets is used up.

use keyward_agent::keeper::channel::{Answer, Ask, KeyId, Refusal};
use keyward_agent::protocol::algorithm::SignatureAlgorithm;
use keyward_agent::protocol::wire::{Reader, Writer};

use super::keeper::{Keeper, ed25519};

/// Makes a key with a certificate of about `size` bytes.
fn large_key(name: &str, size: usize) -> Vec<u8> {
    let plain = ed25519(name);
    let mut reader = Reader::new(&plain);
    reader.string().unwrap();
    let (public, secret) = (reader.string().unwrap(), reader.string().unwrap());
    let mut authority = Vec::new();
    authority.put_string(b"ssh-ed25519");
    authority.put_string(public);
    let mut blob = Vec::new();
    blob.put_string(b"ssh-ed25519-cert-v01@openssh.com");
    blob.put_string(&[9; 32]);
    blob.put_string(public);
    blob.extend([0; 8]);
    blob.put_uint32(1);
    blob.put_string(&vec![b'i'; size]);
    blob.put_string(b"");
    blob.extend([0; 16]);
    for _options_extensions_reserved in 0..3 {
        blob.put_string(b"");
    }
    blob.put_string(&authority);
    blob.put_string(b"signature");
    let mut fields = Vec::new();
    fields.put_string(b"ssh-ed25519-cert-v01@openssh.com");
    fields.put_string(&blob);
    fields.put_string(public);
    fields.put_string(secret);
    fields
}

#[test]
fn key_for_which_there_is_no_room_is_refused_and_the_others_sign() {
    let mut keeper = Keeper::start();
    let key = large_key("a", 200_000);
    let added = (1..2000).take_while(|id| match keeper.ask(Ask::Add(KeyId(*id), &key)) {
        Answer::Done => true,
        Answer::Refused(Refusal::Memory) => false,
        other => panic!("{other:?}"),
    });
    let added: Vec<_> = added.collect();
    let last = *added.last().expect("room for one key");
    assert!(added.len() < 1999, "memory has no end");
    let report = keeper.report();
    assert_eq!(usize::try_from(report.keys), Ok(added.len()));
    assert!(report.used <= report.size);
    for id in [1, last] {
        let sign = Ask::Sign(KeyId(id), SignatureAlgorithm::Ed25519, b"data");
        assert!(matches!(keeper.ask(sign), Answer::Signature(_)));
    }
    for id in added {
        assert_eq!(keeper.ask(Ask::Remove(KeyId(id))), Answer::Done);
    }
    assert_eq!(keeper.ask(Ask::Add(KeyId(3000), &key)), Answer::Done);
}
