//! No damage is taken for a vault, and none is too much.

use keyward_vault::{Opener, RecoveryCode, Sealed, Vault};
use proptest::prelude::*;

use crate::builder::Parts;
use crate::cases::{code, empty, recovery_slot};
use crate::private::ed25519;

/// A vault that a recovery code opens, so that it is tried in no time.
pub(crate) fn quick(keys: usize) -> Parts {
    let mut parts = empty();
    parts.add_slot(recovery_slot());
    for number in 1..=keys {
        let name = format!("key {number}");
        parts.add_key(&name, &ed25519(&name), &[]);
    }
    parts
}

/// Opens a file: the names in it, and whether there was a warning.
pub(crate) fn read(file: Vec<u8>, code: &RecoveryCode) -> Option<(Vec<String>, bool)> {
    let sealed = Sealed::read(file).ok()?;
    let vault = sealed.unlock(&Opener::RecoveryCode(code)).ok()?;
    Some((names(&vault), sealed.warning().is_some()))
}

pub(crate) fn names(vault: &Vault) -> Vec<String> {
    vault.keys().map(|key| key.name().to_owned()).collect()
}

/// All of it takes minutes and is done where nobody waits.
pub(crate) fn is_long() -> bool {
    std::env::var_os("KEYWARD_LONG").is_some()
}

/// Flips bits, one at a time: the file is refused, or read with a warning and nothing missing.
fn every_flip_is_noticed(file: &[u8], step: usize) {
    let code = RecoveryCode::parse(&code()).unwrap();
    let (expected, warning) = read(file.to_vec(), &code).unwrap();
    assert!(!warning);
    for bit in (0..8 * file.len()).step_by(step) {
        let mut damaged = file.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Some((names, warning)) = read(damaged, &code) {
            assert!(warning, "bit {bit} was not noticed");
            assert_eq!(names, expected, "bit {bit}");
        }
    }
}

#[test]
fn every_bit_of_a_small_vault_counts() {
    every_flip_is_noticed(&quick(1).build("small"), 1);
}

#[test]
fn bits_of_a_vault_of_20_keys_count() {
    let step = if is_long() { 1 } else { 61 };
    every_flip_is_noticed(&quick(20).build("twenty"), step);
}

#[test]
fn no_part_of_a_vault_is_taken_for_the_whole() {
    let file = quick(2).build("truncated");
    let code = RecoveryCode::parse(&code()).unwrap();
    for length in 0..file.len() {
        assert!(
            read(file[..length].to_vec(), &code).is_none(),
            "{length} bytes"
        );
        assert!(
            read(file[file.len() - length..].to_vec(), &code).is_none(),
            "last {length}"
        );
    }
}

#[test]
fn nothing_may_stand_around_a_vault() {
    let file = quick(1).build("around");
    let code = RecoveryCode::parse(&code()).unwrap();
    for length in [1, 12, 512, 4_096] {
        let more = vec![0; length];
        assert!(read([&file[..], &more].concat(), &code).is_none());
        assert!(read([&more, &file[..]].concat(), &code).is_none());
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(Sealed::read(bytes).is_err());
    }

    #[test]
    fn no_bytes_after_a_magic_are_too_much(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        numbers in any::<[u32; 4]>(),
    ) {
        let numbers = numbers.iter().flat_map(|number| number.to_be_bytes());
        let start = crate::builder::MAGIC.into_iter().chain([0, 1, 0, 0]).chain(numbers);
        let file: Vec<u8> = start.chain(bytes).collect();
        prop_assert!(Sealed::read(file).is_err());
    }

    #[test]
    fn no_damage_is_too_much(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40)
    ) {
        let mut file = quick(2).build("damaged");
        for (place, byte) in places {
            let place = place.index(file.len());
            file[place] = byte;
        }
        let code = RecoveryCode::parse(&code()).unwrap();
        if let Some((names, _)) = read(file, &code) {
            prop_assert_eq!(names.len(), 2);
        }
    }
}
