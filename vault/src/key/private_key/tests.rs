use super::super::wire::Writer;
use super::*;

/// The parts of some key of each type: fields that are wrong are refused before anything is computed.
fn sample(key_type: KeyType) -> Vec<Vec<u8>> {
    let curve = |bits: usize, name: &[u8]| {
        let length = bits.div_ceil(8);
        let point = [vec![4], vec![7; 2 * length]].concat();
        vec![string(name), string(&point), mpint(&[1; 32])]
    };
    let token = vec![string(b"ssh:"), vec![1], string(b"handle"), string(b"")];
    let fields = match key_type {
        KeyType::Ed25519 => vec![string(&[7; 32]), string(&[[1; 32], [7; 32]].concat())],
        KeyType::EcdsaP256 => curve(256, b"nistp256"),
        KeyType::EcdsaP384 => curve(384, b"nistp384"),
        KeyType::EcdsaP521 => curve(521, b"nistp521"),
        KeyType::Rsa => rsa(2048),
        KeyType::SkEd25519 => [vec![string(&[7; 32])], token].concat(),
        KeyType::SkEcdsaP256 => [curve(256, b"nistp256")[..2].to_vec(), token].concat(),
    };
    [vec![string(key_type.name().as_bytes())], fields].concat()
}

fn rsa(bits: usize) -> Vec<Vec<u8>> {
    let mut n = vec![0xff; bits.div_ceil(8)];
    n[0] >>= n.len() * 8 - bits;
    let small = mpint(&[5; 100]);
    let mut fields = vec![mpint(&n), mpint(&[1, 0, 1])];
    fields.extend([const { Vec::new() }; 4].map(|_: Vec<u8>| small.clone()));
    fields
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    field.put_string(bytes);
    field
}

fn mpint(magnitude: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    field.put_mpint(magnitude);
    field
}

fn read(fields: &[u8]) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_fields(Secret::new(fields.to_vec()))
}

fn with(key_type: KeyType, index: usize, field: Vec<u8>) -> Result<PrivateKey, KeyError> {
    let mut fields = sample(key_type);
    fields[index] = field;
    read(&fields.concat())
}

#[test]
fn every_type_is_read_and_written_the_same() {
    for key_type in KeyType::ALL {
        let fields = sample(key_type).concat();
        let key = read(&fields).unwrap();
        assert_eq!(key.key_type(), key_type);
        assert_eq!(key.fields(), fields);
        let written = key.parts().unwrap().to_secret();
        assert_eq!(written.expose(), &fields);
        // It has not grown, which would have left a copy behind.
        assert!(written.expose().capacity() < 2 * fields.len());
    }
}

#[test]
fn sizes_are_those_of_ssh_keygen() {
    let bits = KeyType::ALL.map(|key_type| read(&sample(key_type).concat()).unwrap().bits());
    assert_eq!(bits, [256, 256, 384, 521, 2048, 256, 256]);
}

#[test]
fn refuses_fields_that_are_cut_short_or_too_long() {
    for key_type in KeyType::ALL {
        let fields = sample(key_type).concat();
        for length in 0..fields.len() {
            assert!(read(&fields[..length]).is_err(), "{key_type:?} {length}");
        }
        let longer = [&fields[..], &[0]].concat();
        assert_eq!(read(&longer).unwrap_err(), KeyError::Trailing(1));
    }
}

#[test]
fn refuses_types_that_are_not_known() {
    let unknown = |name: &str| KeyError::Type {
        name: name.to_owned(),
    };
    let read = |name: &[u8]| read(&string(name)).unwrap_err();
    assert_eq!(read(b"ssh-dss"), KeyError::Dsa);
    assert_eq!(read(b"ssh-ed448"), unknown("ssh-ed448"));
    assert_eq!(read(b""), unknown(""));
    assert_eq!(read(&[b'x'; 100]), unknown(&"x".repeat(64)));
}

#[test]
fn refuses_numbers_in_another_form_than_the_shortest() {
    for number in [&[][..], &[0], &[0, 1], &[0x80], &[0xff, 1], &[0, 0, 0x80]] {
        for index in 1..=6 {
            let result = with(KeyType::Rsa, index, string(number));
            assert!(matches!(result, Err(KeyError::Invalid(_))), "{number:?}");
        }
        let result = with(KeyType::EcdsaP256, 3, string(number));
        assert!(matches!(result, Err(KeyError::Invalid(_))), "{number:?}");
    }
}

#[test]
fn refuses_rsa_out_of_range() {
    let read = |bits| {
        let name = string(b"ssh-rsa");
        read(&[vec![name], rsa(bits)].concat().concat())
    };
    for bits in [1024, 2047, 16385] {
        assert_eq!(read(bits).unwrap_err(), KeyError::RsaBits { bits });
    }
    for bits in [2048, 3072, 16384] {
        assert_eq!(read(bits).unwrap().bits(), bits);
    }
    let long = mpint(&[1; 257]);
    for index in 2..=6 {
        assert!(with(KeyType::Rsa, index, long.clone()).is_err());
    }
}

#[test]
fn refuses_curves_and_points_of_another_form() {
    assert!(with(KeyType::EcdsaP256, 1, string(b"nistp384")).is_err());
    let compressed = [vec![2], vec![7; 32]].concat();
    assert!(with(KeyType::EcdsaP256, 2, string(&compressed)).is_err());
    assert!(with(KeyType::SkEcdsaP256, 2, string(&compressed)).is_err());
    assert!(with(KeyType::EcdsaP256, 3, mpint(&[1; 33])).is_err());
}

#[test]
fn refuses_ed25519_with_a_foreign_public_key() {
    let foreign = [[1; 32], [8; 32]].concat();
    let error = with(KeyType::Ed25519, 2, string(&foreign)).unwrap_err();
    assert_eq!(error, KeyError::Invalid("Ed25519 private key"));
}
