//! What does not open.

use super::{
    CODE, Cases, PASSPHRASE, Typed, base, changed, code, empty, passphrase_slot, recovery_slot,
};
use crate::builder::{Parts, commitment, expand, extract};
use crate::private::ed25519;

/// Returns the recovery code of the vectors.
///
/// It is written with arithmetic of its own: a code is checked against its definition.
pub(super) fn usual_code() -> String {
    written(&symbols(&CODE))
}

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The 26 symbols of a code, and the two check symbols, found by trying all.
fn symbols(code: &[u8; 16]) -> Vec<u8> {
    let bits = code
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let bits: Vec<u8> = bits.chain([0, 0]).collect();
    let value = |bits: &[u8]| bits.iter().fold(0, |value, bit| value << 1 | bit);
    checked(bits.chunks(5).map(value).collect())
}

fn checked(mut symbols: Vec<u8>) -> Vec<u8> {
    symbols.extend([0, 0]);
    for (first, second) in (0..32).flat_map(|first| (0..32).map(move |second| (first, second))) {
        (symbols[26], symbols[27]) = (first, second);
        if sum(&symbols, 1) == 0 && sum(&symbols, 2) == 0 {
            return symbols;
        }
    }
    unreachable!("two equations for two symbols");
}

/// The sum of the symbols times powers of α, or of its square.
fn sum(symbols: &[u8], step: usize) -> u8 {
    let logarithms: Vec<u8> = (0..31)
        .scan(1_u8, |power, _| {
            let this = *power;
            *power = this << 1 ^ if this & 16 == 0 { 0 } else { 0b10_0101 };
            Some(this)
        })
        .collect();
    let log = |value: u8| logarithms.iter().position(|power| *power == value);
    let term = |(index, symbol): (usize, &u8)| {
        log(*symbol).map_or(0, |log| logarithms[(log + step * index) % 31])
    };
    symbols
        .iter()
        .enumerate()
        .map(term)
        .fold(0, |sum, term| sum ^ term)
}

fn written(symbols: &[u8]) -> String {
    let groups = symbols.chunks(4).map(|group| {
        group
            .iter()
            .map(|symbol| char::from(ALPHABET[usize::from(*symbol)]))
            .collect::<String>()
    });
    groups.collect::<Vec<_>>().join("-")
}

pub(crate) fn add(cases: &mut Cases) {
    secrets(cases);
    codes(cases);
    slots(cases);
}

fn secrets(cases: &mut Cases) {
    let mut typed = |name: &str, comment: &str, typed: &str| {
        cases.add(name, comment, ("locked", Typed::Passphrase(typed)), &base());
    };
    typed(
        "locked-passphrase",
        "another passphrase",
        "correct horse battery stapler",
    );
    typed(
        "locked-case",
        "the passphrase in large letters",
        &PASSPHRASE.to_uppercase(),
    );
    typed(
        "locked-space",
        "a space behind the passphrase",
        &format!("{PASSPHRASE} "),
    );
    typed("locked-empty", "no passphrase", "");
    typed(
        "locked-long",
        "a passphrase of 1025 bytes",
        &"x".repeat(1_025),
    );
    typed(
        "locked-control",
        "a passphrase with a tab",
        "correct\thorse battery staple",
    );
    typed(
        "locked-control-c1",
        "a passphrase with a next line",
        "correct\u{85}horse",
    );
    let mut recovery = empty();
    recovery.add_slot(recovery_slot());
    cases.bad(
        "locked-no-passphrase-slot",
        "a passphrase where only a recovery code opens",
        "locked",
        &recovery,
    );
    let typed = Typed::Recovery(&code());
    cases.add(
        "locked-no-recovery-slot",
        "a recovery code where only a passphrase opens",
        ("locked", typed),
        &base(),
    );
    let mut compatible = empty();
    compatible.add_slot(passphrase_slot("\u{fb01}sh"));
    let typed = Typed::Passphrase("fish");
    cases.add(
        "locked-compatibility",
        "a ligature is not its letters",
        ("locked", typed),
        &compatible,
    );
}

fn codes(cases: &mut Cases) {
    let mut recovery = empty();
    recovery.add_slot(recovery_slot());
    recovery.add_key("laptop", &ed25519("laptop"), &[]);
    let mut typed = |name: &str, comment: &str, typed: &str| {
        cases.add(name, comment, ("locked", Typed::Recovery(typed)), &recovery);
    };
    let code = symbols(&CODE);
    let mut other = CODE;
    other[15] ^= 1;
    typed(
        "locked-code",
        "another recovery code",
        &written(&symbols(&other)),
    );
    let mut one = code.clone();
    one[7] ^= 9;
    typed("locked-code-symbol", "one symbol is wrong", &written(&one));
    let mut swap = code.clone();
    swap.swap(4, 5);
    assert_ne!(swap, code);
    typed(
        "locked-code-swap",
        "two symbols are swapped",
        &written(&swap),
    );
    let mut check = code.clone();
    check[27] ^= 1;
    typed(
        "locked-code-check",
        "a check symbol is wrong",
        &written(&check),
    );
    let mut bits = code[..26].to_vec();
    bits[25] |= 1;
    typed(
        "locked-code-bits",
        "a zero bit is one, and the check agrees",
        &written(&checked(bits)),
    );
    typed(
        "locked-code-short",
        "one symbol is missing",
        &written(&code[..27]),
    );
    typed(
        "locked-code-long",
        "one symbol is too much",
        &(written(&code) + "0"),
    );
    typed(
        "locked-code-u",
        "a letter that no code has",
        &written(&code).replacen('C', "U", 1),
    );
    typed(
        "locked-code-other",
        "a character that no code has",
        &(written(&code) + "."),
    );
    typed("locked-code-empty", "no code", "");
}

fn with_slot(change: impl FnOnce(&mut Parts)) -> Parts {
    changed(change)
}

fn slots(cases: &mut Cases) {
    // Offsets in the header: a slot of type 1 begins at 160, its body at 168.
    let mut edit = |name: &str, comment: &str, offset: usize| {
        let parts =
            with_slot(|parts| parts.header[0] = Box::new(move |header| header[offset] ^= 1));
        cases.bad(name, comment, "locked", &parts);
    };
    edit("locked-slot-id", "the id of the slot is another", 168);
    edit("locked-salt", "the salt is another", 188);
    edit("locked-memory", "the memory is another", 223);
    edit(
        "locked-commitment",
        "the commitment of the slot is another",
        232,
    );
    edit("locked-ephemeral", "the ephemeral key is another", 264);
    edit("locked-nonce", "the nonce of the slot is another", 296);
    edit("locked-wrapped", "the wrapped key is another", 320);
    edit("locked-tag", "the tag of the wrapped key is another", 367);
    edit(
        "locked-vault-commitment",
        "the commitment of the vault is another",
        64,
    );
    edit("locked-vault-id", "the vault id is another", 16);
    let parts = with_slot(|parts| parts.header[0] = Box::new(|header| header[161] = 3));
    cases.bad(
        "locked-type",
        "the slot is said to be of another type",
        "locked",
        &parts,
    );
    let parts = with_slot(|parts| parts.slots[0].foreign = Some((parts.id, [1; 32])));
    cases.bad(
        "locked-foreign-key",
        "the slot is from the vault before its key was changed",
        "locked",
        &parts,
    );
    let parts = with_slot(|parts| parts.slots[0].foreign = Some(([1; 16], parts.vault_key)));
    cases.bad(
        "locked-foreign-vault",
        "the slot is from another vault with the same passphrase",
        "locked",
        &parts,
    );
    let parts = with_slot(|parts| {
        // What a slot would look like that was made to open under two passphrases: its cipher opens
        // with this one, and its commitment is to the other.
        let other = passphrase_slot("the other passphrase");
        let prk = extract(&[b"keyward.slot.v1", &parts.id, &other.id], &other.input);
        parts.slots[0].commitment = Some(expand(&prk, &[b"commitment"]));
    });
    cases.bad(
        "locked-two-passphrases",
        "the wrapped key opens, and the commitment is to another passphrase",
        "locked",
        &parts,
    );
    let parts = with_slot(|parts| {
        let wrapped = parts.vault_key;
        parts.header[0] = Box::new(move |header| {
            let id: [u8; 16] = header[16..32].try_into().unwrap();
            let mut other = wrapped;
            other[0] ^= 1;
            header[64..96].copy_from_slice(&commitment(&id, &other));
        });
    });
    cases.bad(
        "locked-other-vault-key",
        "the vault commits to another vault key",
        "locked",
        &parts,
    );
}
