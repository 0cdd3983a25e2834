use proptest::prelude::*;

use super::*;

macro_rules! hostkey {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/hostkeys/",
            $name,
            ".blob"
        ))
        .as_slice()
    };
}

const BLOBS: [&[u8]; 13] = [
    hostkey!("ed25519"),
    hostkey!("ecdsa-p256"),
    hostkey!("ecdsa-p384"),
    hostkey!("ecdsa-p521"),
    hostkey!("rsa-3072"),
    hostkey!("sk-ed25519"),
    hostkey!("sk-ecdsa-p256"),
    hostkey!("ed25519-cert"),
    hostkey!("ecdsa-p256-cert"),
    hostkey!("ecdsa-p521-cert"),
    hostkey!("rsa-3072-cert"),
    hostkey!("sk-ed25519-cert"),
    hostkey!("sk-ecdsa-p256-cert"),
];

#[test]
fn plain_blob_of_a_plain_key_is_itself() {
    for blob in &BLOBS[..7] {
        assert_eq!(PublicKey::decode(blob).unwrap().plain_blob(), *blob);
    }
}

#[test]
fn plain_blob_of_a_certificate_is_that_of_its_key() {
    let certificate = PublicKey::decode(hostkey!("rsa-3072-cert")).unwrap();
    assert_eq!(certificate.plain_blob(), hostkey!("rsa-3072"));
    let certificate = PublicKey::decode(hostkey!("sk-ecdsa-p256-cert")).unwrap();
    assert_eq!(certificate.plain_blob(), hostkey!("sk-ecdsa-p256"));
}

#[test]
fn reads_what_a_certificate_says() {
    let key = PublicKey::decode(hostkey!("ed25519-cert")).unwrap();
    let certificate = key.certificate().unwrap();
    assert_eq!(certificate.kind, CertificateKind::Host);
    assert_eq!(certificate.key_id, b"ed25519");
    assert_eq!(
        certificate.principals().collect::<Vec<_>>(),
        [b"ed25519.example.org".as_slice(), b"*.test"]
    );
    assert_eq!(
        (certificate.valid_after, certificate.valid_before),
        (0, u64::MAX)
    );
    assert!(certificate.critical_options.is_empty());
}

#[test]
fn a_certificate_is_no_plain_key() {
    assert_eq!(
        PublicKey::decode_plain(hostkey!("ed25519-cert")),
        Err(WireError::Invalid("key type"))
    );
}

#[test]
fn refuses_every_blob_that_is_cut_short() {
    for blob in BLOBS {
        for length in 0..blob.len() {
            assert!(
                PublicKey::decode(&blob[..length]).is_err(),
                "{length} bytes"
            );
        }
    }
}

#[test]
fn refuses_trailing_bytes() {
    for blob in BLOBS {
        assert_eq!(
            PublicKey::decode(&[blob, &[0]].concat()),
            Err(WireError::Trailing(1))
        );
    }
}

#[test]
fn refuses_a_number_with_leading_zeros() {
    let mut blob = Vec::new();
    blob.put_string(b"ssh-rsa");
    blob.put_string(&[0, 1, 0, 1]);
    blob.put_mpint(&[0xff; 256]);
    assert_eq!(PublicKey::decode(&blob), Err(WireError::Invalid("mpint")));
}

#[test]
fn refuses_a_compressed_point() {
    let mut blob = Vec::new();
    blob.put_string(b"ecdsa-sha2-nistp256");
    blob.put_string(b"nistp256");
    blob.put_string(&[&[2], [7; 32].as_slice()].concat());
    assert_eq!(
        PublicKey::decode(&blob),
        Err(WireError::Invalid("curve point"))
    );
}

#[test]
fn refuses_a_curve_that_contradicts_the_type() {
    let mut blob = Vec::new();
    blob.put_string(b"ecdsa-sha2-nistp256");
    blob.put_string(b"nistp384");
    blob.put_string(&[&[4], [7; 96].as_slice()].concat());
    assert_eq!(PublicKey::decode(&blob), Err(WireError::Invalid("curve")));
}

#[test]
fn refuses_rsa_above_16384_bits() {
    let mut blob = Vec::new();
    blob.put_string(b"ssh-rsa");
    blob.put_mpint(&[1, 0, 1]);
    blob.put_mpint(&[0xff; 2049]);
    assert_eq!(
        PublicKey::decode(&blob),
        Err(WireError::TooLarge("rsa key"))
    );
}

#[test]
fn algorithm_has_to_fit_type_and_form() {
    let plain = PublicKey::decode(hostkey!("rsa-3072")).unwrap();
    assert!(plain.accepts_algorithm(b"rsa-sha2-512"));
    assert!(plain.accepts_algorithm(b"ssh-rsa"));
    assert!(!plain.accepts_algorithm(b"rsa-sha2-512-cert-v01@openssh.com"));
    let certificate = PublicKey::decode(hostkey!("rsa-3072-cert")).unwrap();
    assert!(certificate.accepts_algorithm(b"rsa-sha2-512-cert-v01@openssh.com"));
    assert!(certificate.accepts_algorithm(b"ssh-rsa-cert-v01@openssh.com"));
    assert!(!certificate.accepts_algorithm(b"rsa-sha2-512"));
    let ed25519 = PublicKey::decode(hostkey!("ed25519")).unwrap();
    assert!(ed25519.accepts_algorithm(b"ssh-ed25519"));
    assert!(!ed25519.accepts_algorithm(b"rsa-sha2-512"));
    let token = PublicKey::decode(hostkey!("sk-ed25519-cert")).unwrap();
    assert!(token.accepts_algorithm(b"sk-ssh-ed25519-cert-v01@openssh.com"));
}

/// A certificate for the key of the fixtures, with a signature that is none.
fn certificate(kind: u32, principals: usize, options: [&[u8]; 2], authority: &[u8]) -> Vec<u8> {
    let mut names = Vec::new();
    for _ in 0..principals {
        names.put_string(b"a.test");
    }
    let mut blob = Vec::new();
    blob.put_string(b"ssh-ed25519-cert-v01@openssh.com");
    blob.put_string(b"nonce");
    blob.put_string(&[7; 32]);
    blob.extend_from_slice(&[0; 8]);
    blob.put_uint32(kind);
    blob.put_string(b"id");
    blob.put_string(&names);
    blob.extend_from_slice(&[0; 16]);
    blob.put_string(options[0]);
    blob.put_string(options[1]);
    blob.put_string(b"");
    blob.put_string(authority);
    blob.put_string(b"signature");
    blob
}

#[test]
fn certificate_s_signed_bytes_end_before_its_signature() {
    let blob = certificate(1, 2, [b"", b""], hostkey!("ed25519"));
    let key = PublicKey::decode(&blob).unwrap();
    let certificate = key.certificate().unwrap();
    assert_eq!(certificate.kind, CertificateKind::User);
    assert_eq!(certificate.signature, b"signature");
    assert_eq!(certificate.signed, &blob[..blob.len() - 4 - 9]);
}

#[test]
fn refuses_more_than_256_principals() {
    let authority = hostkey!("ed25519");
    assert!(PublicKey::decode(&certificate(2, 256, [b"", b""], authority)).is_ok());
    assert_eq!(
        PublicKey::decode(&certificate(2, 257, [b"", b""], authority)),
        Err(WireError::TooLarge("number of principals"))
    );
}

#[test]
fn refuses_an_unknown_kind_of_certificate() {
    for kind in [0, 3] {
        assert_eq!(
            PublicKey::decode(&certificate(kind, 1, [b"", b""], hostkey!("ed25519"))),
            Err(WireError::Invalid("certificate type"))
        );
    }
}

#[test]
fn refuses_options_that_are_no_pairs() {
    let half = [0, 0, 0, 1, b'x'];
    for options in [[half.as_slice(), b""], [b"", &half]] {
        assert_eq!(
            PublicKey::decode(&certificate(2, 1, options, hostkey!("ed25519"))),
            Err(WireError::Truncated)
        );
    }
}

#[test]
fn refuses_an_authority_that_is_no_plain_key() {
    for authority in [b"".as_slice(), hostkey!("ed25519-cert")] {
        assert!(PublicKey::decode(&certificate(2, 1, [b"", b""], authority)).is_err());
    }
}

proptest! {
    #[test]
    fn never_panics(
        index in 0..BLOBS.len(),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let mut blob = BLOBS[index].to_vec();
        let at = at.index(blob.len());
        let end = (at + bytes.len()).min(blob.len());
        blob.splice(at..end, bytes);
        if let Ok(key) = PublicKey::decode(&blob) {
            prop_assert!(PublicKey::decode_plain(&key.plain_blob()).is_ok());
        }
    }
}
