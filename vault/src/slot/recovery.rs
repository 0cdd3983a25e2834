//! The slot that opens with a recovery code.

use super::{Fault, Input, Kind, NewSlot, Opener, Tried};
use crate::Secret;
use crate::random::Entropy;

pub(super) static KIND: Kind = Kind {
    number: 2,
    name: "recovery code",
    takes: |opener| matches!(opener, Opener::RecoveryCode(_)),
    cost: |_| None,
    check,
    parameters,
    input,
};

fn check(parameters: &[u8]) -> Result<(), Fault> {
    if !parameters.is_empty() {
        return Err(Fault::Rule("parameters of a recovery code are not empty"));
    }
    Ok(())
}

fn parameters(new: &NewSlot<'_>, _entropy: &mut dyn Entropy) -> Tried<Vec<u8>> {
    matches!(new, NewSlot::RecoveryCode(_)).then(|| Ok(Vec::new()))
}

/// The code is as hard to guess as a key: nothing is gained by making each guess dearer.
fn input(opener: &Opener<'_>, _parameters: &[u8]) -> Tried<Input> {
    let Opener::RecoveryCode(code) = opener else {
        return None;
    };
    Some(Ok(Secret::new(code.bytes().to_vec())))
}
