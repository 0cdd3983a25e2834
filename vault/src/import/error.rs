//! Why a file was not imported.

use thiserror::Error;

use super::{Format, KeyError};

/// Says what was found instead of a key that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is longer than [`super::FILE_BYTES_MAX`].
    #[error(
        "file has {bytes} bytes, more than the {} a key can need",
        super::FILE_BYTES_MAX
    )]
    FileTooLong {
        /// Its length.
        bytes: usize,
    },
    /// The file holds nothing but white space.
    #[error("file is empty")]
    Empty,
    /// Nothing in the file looks like a key.
    #[error("file holds no private key")]
    NoKey,
    /// The file holds more than one private key.
    #[error("file holds more than one private key")]
    SeveralKeys,
    /// The file is something else, which is named.
    #[error("file is {0}, not a private key")]
    Other(&'static str),
    /// The label of a PEM block is not known.
    #[error("file has a PEM block {label:?}, not a private key")]
    Label {
        /// The label, cut off after 64 characters.
        label: String,
    },
    /// The format is known, and not supported.
    #[error("{0} is not supported")]
    Format(&'static str),
    /// An algorithm of a key is known by name or number, and not supported.
    #[error("keys for {name} are not supported")]
    Algorithm {
        /// Its name, or its object identifier.
        name: String,
    },
    /// A curve is none of P-256, P-384 and P-521.
    #[error("curve {name} is not supported")]
    Curve {
        /// Its name, or its object identifier.
        name: String,
    },
    /// The key is encrypted with a cipher that is not supported.
    #[error("cipher {name:?} is not supported")]
    Cipher {
        /// Its name, or its object identifier.
        name: String,
    },
    /// The key is encrypted under a key derivation function that is not supported.
    #[error("key derivation {name:?} is not supported")]
    KeyDerivation {
        /// Its name, or its object identifier.
        name: String,
    },
    /// Deriving the key would cost more than is paid for a file that may come from anywhere.
    #[error("key derivation wants {what} of {value}, more than {max}")]
    Cost {
        /// What is too high, with its unit.
        what: &'static str,
        /// How high it is.
        value: u64,
        /// How high it may be.
        max: u64,
    },
    /// The file is encrypted, and no passphrase was given.
    #[error("key is encrypted, and needs a passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the file.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// The checksum of the file is wrong, which does not tell the two apart.
    #[error("wrong passphrase, or the file is damaged")]
    WrongPassphraseOrDamaged,
    /// The file is not as its format has it.
    #[error("{format} file is damaged: {what}")]
    Damaged {
        /// The format.
        format: Format,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A PEM block, a public key or a certificate is not as it should be.
    #[error("file is damaged: {0}")]
    Text(&'static str),
    /// A public key without a certificate.
    #[error("file is a public key without a certificate")]
    NotCertificate,
    /// The key itself is not supported, or damaged.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The library has not enough memory.
    #[error("there is not enough memory")]
    Memory,
}
