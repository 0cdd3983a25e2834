//! The public part of a private key, found in the fields of an agent's add message
//! (`FORMAT.md` section 5.1).
//!
//! Only the frame of the fields is read here: which types there are, that nothing is missing and
//! nothing too much. Whether the private part belongs to the public one is checked where keys come
//! in. This is the place to ask `key::PrivateKey` instead.

use crate::error::Broken;
use crate::wire::{Reader, put_string};

/// What follows the name of a type.
struct Layout {
    name: &'static str,
    /// The fields, in order.
    fields: &'static [Field],
    /// Which of the fields make the public key, in its order.
    public: &'static [usize],
}

enum Field {
    /// A `string` with anything in it.
    String,
    /// A `string` of this length.
    Fixed(usize),
    /// A `string` with these bytes.
    Exactly(&'static str),
    /// An `mpint`, not negative, in its shortest form.
    Integer,
    /// The modulus of RSA.
    Modulus,
    Byte,
}

use Field::{Byte, Exactly, Fixed, Integer, Modulus, String as Text};

static LAYOUTS: [Layout; 7] = [
    Layout {
        name: "ssh-ed25519",
        fields: &[Fixed(32), Fixed(64)],
        public: &[0],
    },
    Layout {
        name: "ecdsa-sha2-nistp256",
        fields: &[Exactly("nistp256"), Fixed(65), Integer],
        public: &[0, 1],
    },
    Layout {
        name: "ecdsa-sha2-nistp384",
        fields: &[Exactly("nistp384"), Fixed(97), Integer],
        public: &[0, 1],
    },
    Layout {
        name: "ecdsa-sha2-nistp521",
        fields: &[Exactly("nistp521"), Fixed(133), Integer],
        public: &[0, 1],
    },
    Layout {
        name: "ssh-rsa",
        fields: &[Modulus, Integer, Integer, Integer, Integer, Integer],
        public: &[1, 0],
    },
    Layout {
        name: "sk-ssh-ed25519@openssh.com",
        fields: &[Fixed(32), Text, Byte, Text, Text],
        public: &[0, 1],
    },
    Layout {
        name: "sk-ecdsa-sha2-nistp256@openssh.com",
        fields: &[Exactly("nistp256"), Fixed(65), Text, Byte, Text, Text],
        public: &[0, 1, 2],
    },
];

/// The sizes of RSA keys, in bits.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2_048..=16_384;

/// Checks the frame of the fields of a private key and returns its type and its public key blob.
pub(crate) fn public_key(fields: &[u8]) -> Result<(&'static str, Vec<u8>), Broken> {
    let mut reader = Reader::new(fields);
    let name = reader.string().ok_or(TRUNCATED)?;
    let layout = LAYOUTS.iter().find(|layout| layout.name.as_bytes() == name);
    let layout = layout.ok_or(Broken("type of the private key is none of those there are"))?;
    // No type has more fields than six.
    let mut read: [&[u8]; 6] = [&[]; 6];
    for (slot, field) in read.iter_mut().zip(layout.fields) {
        *slot = field.read(&mut reader)?;
    }
    if !reader.is_empty() {
        return Err(Broken("bytes stand after the private key"));
    }
    let public = || layout.public.iter().filter_map(|index| read.get(*index));
    let length: usize = public().map(|field| 4 + field.len()).sum();
    let mut blob = Vec::with_capacity(4 + name.len() + length);
    put_string(&mut blob, name);
    public().for_each(|field| put_string(&mut blob, field));
    Ok((layout.name, blob))
}

const TRUNCATED: Broken = Broken("private key ends too early");

impl Field {
    fn read<'a>(&self, reader: &mut Reader<'a>) -> Result<&'a [u8], Broken> {
        let field = match self {
            Byte => reader.take(1),
            _ => reader.string(),
        };
        let field = field.ok_or(TRUNCATED)?;
        let is_right = match self {
            Byte | Text => true,
            Fixed(length) => field.len() == *length,
            Exactly(text) => field == text.as_bytes(),
            Integer => bits(field).is_some(),
            Modulus => bits(field).is_some_and(|bits| RSA_BITS.contains(&bits)),
        };
        is_right
            .then_some(field)
            .ok_or(Broken("field of the private key is not as its type has it"))
    }
}

/// Returns how many bits an `mpint` has (RFC 4251 section 5), or `None` when it is negative or not
/// in its shortest form.
fn bits(integer: &[u8]) -> Option<usize> {
    let (first, rest) = match integer {
        [] => return Some(0),
        [0, rest @ ..] => {
            rest.first().filter(|second| **second >= 0x80)?;
            return Some(8 * rest.len());
        }
        [first, rest @ ..] => (first, rest),
    };
    let leading = usize::try_from(first.leading_zeros()).ok()?;
    (leading > 0).then(|| 8 * (rest.len() + 1) - leading)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(strings: &[&[u8]]) -> Vec<u8> {
        let mut fields = Vec::new();
        strings
            .iter()
            .for_each(|string| put_string(&mut fields, string));
        fields
    }

    #[test]
    fn the_public_key_of_rsa_is_e_and_n() {
        let modulus = [&[0, 0x80][..], &[1; 255]].concat();
        let private = fields(&[b"ssh-rsa", &modulus, &[3], &[5], &[6], &[7], &[8]]);
        let (name, blob) = public_key(&private).unwrap();
        assert_eq!(name, "ssh-rsa");
        assert_eq!(blob, fields(&[b"ssh-rsa", &[3], &modulus]));
    }

    #[test]
    fn refuses_what_is_too_short_too_long_or_unknown() {
        let private = fields(&[b"ssh-ed25519", &[1; 32], &[2; 64]]);
        assert!(public_key(&private).is_ok());
        for end in 0..private.len() {
            assert!(public_key(&private[..end]).is_err());
        }
        assert!(public_key(&[&private[..], &[0]].concat()).is_err());
        assert!(public_key(&fields(&[b"ssh-dss", &[1; 32]])).is_err());
        let small = [&[0, 0x80][..], &[1; 127]].concat();
        let private = fields(&[b"ssh-rsa", &small, &[3], &[5], &[6], &[7], &[8]]);
        assert!(public_key(&private).is_err());
    }

    #[test]
    fn integers_have_one_form() {
        assert_eq!(bits(&[]), Some(0));
        assert_eq!(bits(&[0x7f]), Some(7));
        assert_eq!(bits(&[1, 0]), Some(9));
        assert_eq!(bits(&[0, 0x80]), Some(8));
        for other in [&[0][..], &[0x80], &[0, 1], &[0, 0, 0x80]] {
            assert_eq!(bits(other), None);
        }
    }
}
