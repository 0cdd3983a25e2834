//! Types and sizes of keys.

use keyward_vault::key::PublicKey;

use super::{Kind, Level, Review};

/// The fewest bits of an RSA key that is not weak: NIST SP 800-57 part 1 has 128 bits of security begin there.
const RSA_BITS_MIN: usize = 3072;

/// Says of a key that it is too short.
pub(super) fn look(key: &PublicKey, about: (Kind, &str), review: &mut Review) {
    if key.key_type().short_name() == "RSA" && key.bits() < RSA_BITS_MIN {
        weak_rsa(key.bits(), about, review);
    }
}

/// Says of an RSA key of so many bits that it is too short.
pub(super) fn weak_rsa(bits: usize, about: (Kind, &str), review: &mut Review) {
    let message = format!("RSA of {bits} bits; {RSA_BITS_MIN} are the least for the years to come");
    review.add(
        Level::Wrong,
        "weak-key",
        about,
        (message, successor(about.1)),
    );
}

/// Says of a DSA key that nothing takes it any more.
pub(super) fn dsa(about: (Kind, &str), review: &mut Review) {
    let message = "DSA is broken, and OpenSSH takes it no more since 10.0".to_owned();
    review.add(
        Level::Wrong,
        "weak-key",
        about,
        (message, successor(about.1)),
    );
}

/// Returns what to type for a key in place of this one, whose line is then put where the old one is authorized.
pub(super) fn successor(subject: &str) -> String {
    let name = subject.rsplit('/').next().unwrap_or(subject);
    let name = super::quoted_name(&format!("{name}-new"));
    format!("keyward generate {name}")
}
