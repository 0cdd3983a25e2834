//! The vectors, one file each: what is in them, and what has to come of it.

#![expect(clippy::too_many_lines, reason = "the cases are lists")]

mod blocks;
mod good;
mod header;
mod locked;
mod privates;
mod records;
mod salvage;
mod sealed;
mod slots;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use keyward_vault::Fingerprint;

use crate::builder::{Changes, Parts, Slot, none};
use crate::private::ed25519;

/// The passphrase of nearly all vectors.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// The bytes of the recovery code of nearly all vectors, and the code.
pub(crate) const CODE: [u8; 16] =
    *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";

/// One vector.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The lines of its head, in order.
    pub(crate) head: Vec<(&'static str, String)>,
    pub(crate) vault: Vec<u8>,
}

impl Case {
    /// The vector as its file has it.
    pub(crate) fn file(&self) -> Vec<u8> {
        let lines = self
            .head
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"));
        let head = lines.collect::<String>() + "\n";
        [head.as_bytes(), &self.vault].concat()
    }
}

/// The vectors made so far.
#[derive(Default)]
pub(crate) struct Cases(pub(crate) Vec<Case>);

/// What is typed to open a vector.
#[derive(Clone, Copy)]
pub(crate) enum Typed<'a> {
    Passphrase(&'a str),
    Recovery(&'a str),
}

impl Cases {
    pub(crate) fn all() -> Self {
        let mut cases = Self::default();
        good::add(&mut cases);
        header::add(&mut cases);
        slots::add(&mut cases);
        blocks::add(&mut cases);
        records::add(&mut cases);
        privates::add(&mut cases);
        locked::add(&mut cases);
        sealed::add(&mut cases);
        salvage::add(&mut cases);
        cases
    }

    /// Adds a vector that opens with the usual passphrase.
    pub(crate) fn good(&mut self, name: &str, comment: &str, parts: &Parts) {
        self.add(
            name,
            comment,
            ("success", Typed::Passphrase(PASSPHRASE)),
            parts,
        );
    }

    /// Adds a vector that is refused, whatever is found in it.
    pub(crate) fn bad(&mut self, name: &str, comment: &str, class: &str, parts: &Parts) {
        self.add(name, comment, (class, Typed::Passphrase(PASSPHRASE)), parts);
    }

    /// Adds a vector built from parts.
    pub(crate) fn add(
        &mut self,
        name: &str,
        comment: &str,
        (expect, typed): (&str, Typed<'_>),
        parts: &Parts,
    ) {
        let found = parts
            .records
            .iter()
            .filter_map(|record| record.found.as_ref());
        let found = found.map(|(name, blob)| (Fingerprint::of(blob), name.clone()));
        let found: Vec<_> = found.collect();
        self.add_file(name, comment, (expect, typed), (parts.build(name), &found));
    }

    /// Adds a vector with these bytes and these keys in it.
    pub(crate) fn add_file(
        &mut self,
        name: &str,
        comment: &str,
        (expect, typed): (&str, Typed<'_>),
        (vault, found): (Vec<u8>, &[(Fingerprint, String)]),
    ) {
        let mut head = vec![("expect", expect.to_owned())];
        head.push(match typed {
            Typed::Passphrase(text) => ("passphrase", text.to_owned()),
            Typed::Recovery(text) => ("recovery", text.to_owned()),
        });
        if expect == "success" {
            let keys = found
                .iter()
                .map(|(print, name)| ("key", format!("{print} {name}")));
            head.extend(keys);
        }
        head.push(("comment", comment.to_owned()));
        let name = name.to_owned();
        self.0.push(Case { name, head, vault });
    }

    /// Adds a line to the head of the vector added last.
    pub(crate) fn line(&mut self, name: &'static str, value: &str) {
        let head = &mut self.0.last_mut().unwrap().head;
        head.insert(head.len() - 1, (name, value.to_owned()));
    }
}

/// Returns the usual recovery code as it is written.
pub(crate) fn code() -> String {
    locked::usual_code()
}

/// The content of a record with entries that are not known.
pub(crate) fn unknown_keys() -> Vec<u8> {
    good::unknown_keys()
}

/// A vault of generation 2 without slots and keys.
pub(crate) fn empty() -> Parts {
    Parts {
        id: *b"vault id vectors",
        vault_key: *b"a vault key is thirty-two bytes.",
        generation: 2,
        previous: [0x77; 32],
        optional_flags: 0,
        minor: 0,
        slots: Vec::new(),
        extensions: Vec::new(),
        records: Vec::new(),
        header: [none(), none(), none()],
        manifest: none(),
        manifest_changes: Changes::none(),
        body: Box::new(|_| {}),
        file: none(),
    }
}

/// A vault with one slot and one key.
pub(crate) fn base() -> Parts {
    let mut parts = empty();
    parts.add_slot(passphrase_slot(PASSPHRASE));
    parts.add_key("laptop", &ed25519("laptop"), &[]);
    parts
}

/// The usual vault with one change.
pub(crate) fn changed(change: impl FnOnce(&mut Parts)) -> Parts {
    let mut parts = base();
    change(&mut parts);
    parts
}

/// A slot for a prepared passphrase, at the least cost.
pub(crate) fn passphrase_slot(passphrase: &str) -> Slot {
    costly_slot(passphrase, (19_456, 1, 1))
}

/// A slot for a prepared passphrase.
pub(crate) fn costly_slot(passphrase: &str, (memory, passes, lanes): (u32, u32, u32)) -> Slot {
    let mut parameters = b"salt of the passphrase's slot...".to_vec();
    let input = argon2(passphrase, &parameters, (memory, passes, lanes));
    for number in [memory, passes, lanes] {
        parameters.extend(number.to_be_bytes());
    }
    slot(1, *b"passphrase's id.", parameters, input)
}

/// A slot for the usual recovery code.
pub(crate) fn recovery_slot() -> Slot {
    slot(2, *b"recovery code id", Vec::new(), CODE.to_vec())
}

/// A slot of any type.
pub(crate) fn slot(number: u16, id: [u8; 16], parameters: Vec<u8>, input: Vec<u8>) -> Slot {
    Slot {
        number,
        flags: 0,
        id,
        parameters,
        input,
        foreign: None,
        commitment: None,
        excess: Vec::new(),
    }
}

/// Derives once what many vectors share.
fn argon2(passphrase: &str, salt: &[u8], cost: (u32, u32, u32)) -> Vec<u8> {
    static DERIVED: Mutex<Option<HashMap<String, Vec<u8>>>> = Mutex::new(None);
    let mut derived = DERIVED.lock().unwrap_or_else(PoisonError::into_inner);
    let derived = derived.get_or_insert_default();
    let entry = derived.entry(format!("{cost:?} {passphrase}"));
    let derive = || {
        let mut out = vec![0; 32];
        // What is out of bounds is refused before anybody derives it.
        if let Ok(params) =
            Params::new(cost.0.min(32_768), cost.1.min(4), cost.2.clamp(1, 16), None)
        {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2
                .hash_password_into(passphrase.as_bytes(), salt, &mut out)
                .unwrap();
        }
        out
    };
    entry.or_insert_with(derive).clone()
}
