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
