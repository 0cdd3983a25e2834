use proptest::prelude::*;

use super::*;
use crate::protocol::wire::Writer as _;

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

const KEY: &[u8] = hostkey!("ed25519");
const HOST_KEY: &[u8] = hostkey!("ecdsa-p256");

/// A login whose fields a test can spoil one at a time.
struct Login {
    session_id: &'static [u8],
    message: u8,
    user: &'static [u8],
    service: &'static [u8],
    method: &'static [u8],
    signature_follows: u8,
    algorithm: &'static [u8],
    key_blob: &'static [u8],
    host_key: Option<&'static [u8]>,
}

const PLAIN: Login = Login {
    session_id: b"session",
    message: 50,
    user: b"alice",
    service: b"ssh-connection",
    method: b"publickey",
    signature_follows: 1,
    algorithm: b"ssh-ed25519",
    key_blob: KEY,
    host_key: None,
};

const HOSTBOUND: Login = Login {
    method: b"publickey-hostbound-v00@openssh.com",
    host_key: Some(HOST_KEY),
    ..PLAIN
};

impl Login {
    fn encode(&self) -> Vec<u8> {
        let mut data = Vec::new();
        data.put_string(self.session_id);
        data.push(self.message);
        data.put_string(self.user);
        data.put_string(self.service);
        data.put_string(self.method);
        data.push(self.signature_follows);
        data.put_string(self.algorithm);
        data.put_string(self.key_blob);
        if let Some(host_key) = self.host_key {
            data.put_string(host_key);
        }
        data
    }
}

fn sshsig() -> Vec<u8> {
    let mut data = b"SSHSIG".to_vec();
    data.put_string(b"git");
    data.put_string(b"");
    data.put_string(b"sha512");
    data.put_string(&[7; 64]);
    data
}

#[test]
fn recognises_a_login() {
    let data = PLAIN.encode();
    let SignedData::UserAuth(request) = SignedData::classify(&data) else {
        panic!("not recognised");
    };
    assert_eq!(request.session_id, b"session");
    assert_eq!(request.user, b"alice");
    assert_eq!(request.key_blob, KEY);
    assert_eq!(request.host_key, None);
}

#[test]
fn recognises_a_host_bound_login() {
    let data = HOSTBOUND.encode();
    let SignedData::UserAuth(request) = SignedData::classify(&data) else {
        panic!("not recognised");
    };
    assert_eq!(request.method, b"publickey-hostbound-v00@openssh.com");
    assert_eq!(request.host_key, Some(HOST_KEY));
}

#[test]
fn recognises_an_sshsig() {
    assert_eq!(
        SignedData::classify(&sshsig()),
        SignedData::SshSig {
            namespace: b"git",
            hash: b"sha512"
        }
    );
}

fn assert_unknown(logins: &[Login]) {
    for (index, login) in logins.iter().enumerate() {
        assert_eq!(
            SignedData::classify(&login.encode()),
            SignedData::Unknown,
            "{index}"
        );
    }
}

/// Spoils one field of a login.
fn but(spoil: impl FnOnce(&mut Login)) -> Login {
    let mut login = PLAIN;
    spoil(&mut login);
    login
}

#[test]
fn a_login_with_any_field_wrong_is_unknown() {
    assert_unknown(&[
        but(|login| login.session_id = b""),
        but(|login| login.message = 51),
        but(|login| login.user = b"alice\0"),
        but(|login| login.service = b"ssh-userauth"),
        but(|login| login.method = b"hostbased"),
        but(|login| login.signature_follows = 0),
        but(|login| login.signature_follows = 2),
        but(|login| login.key_blob = b""),
    ]);
}

#[test]
fn a_login_whose_algorithm_does_not_fit_its_key_is_unknown() {
    assert_unknown(&[
        but(|login| login.algorithm = b"rsa-sha2-512"),
        but(|login| login.algorithm = b"ssh-ed25519-cert-v01@openssh.com"),
    ]);
}

#[test]
fn a_login_whose_host_key_does_not_fit_its_method_is_unknown() {
    assert_unknown(&[
        but(|login| login.host_key = Some(HOST_KEY)),
        but(|login| login.method = HOSTBOUND.method),
        Login {
            host_key: Some(b""),
            ..HOSTBOUND
        },
        Login {
            host_key: Some(b"ssh-ed25519"),
            ..HOSTBOUND
        },
    ]);
}

#[test]
fn trailing_or_missing_bytes_are_unknown() {
    for data in [PLAIN.encode(), HOSTBOUND.encode(), sshsig()] {
        let longer = [data.as_slice(), &[0]].concat();
        assert_eq!(SignedData::classify(&longer), SignedData::Unknown);
        for length in 0..data.len() {
            assert_eq!(SignedData::classify(&data[..length]), SignedData::Unknown);
        }
    }
}

#[test]
fn web_origin_key_may_log_in_with_itself_only() {
    let data = PLAIN.encode();
    assert!(SignedData::allowed_for_web_origin_key(KEY, &data));
    assert!(!SignedData::allowed_for_web_origin_key(HOST_KEY, &data));
}

#[test]
fn web_origin_key_may_sign_an_sshsig() {
    assert!(SignedData::allowed_for_web_origin_key(KEY, &sshsig()));
}

#[test]
fn web_origin_key_may_not_sign_a_web_challenge() {
    // What a token signs for a web site: the hash of the relying party, flags, counter, and a hash.
    let challenge = [[3; 32].as_slice(), &[1, 0, 0, 0, 9], &[4; 32]].concat();
    assert!(!SignedData::allowed_for_web_origin_key(KEY, &challenge));
    assert!(!SignedData::allowed_for_web_origin_key(KEY, b""));
}

proptest! {
    #[test]
    fn never_panics(
        hostbound: bool,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        let mut data = if hostbound { HOSTBOUND.encode() } else { sshsig() };
        let at = at.index(data.len());
        data.splice(at.., bytes);
        let _ = SignedData::classify(&data);
    }
}
