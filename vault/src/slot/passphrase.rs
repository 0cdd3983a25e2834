//! The slot that opens with a passphrase.

use super::{Fault, Input, Kind, NewSlot, Opener, Tried};
use crate::Cost;
use crate::error::Error;
use crate::random::{self, Entropy};
use crate::wire::Reader;

pub(super) static KIND: Kind = Kind {
    number: 1,
    name: "passphrase",
    takes: |opener| matches!(opener, Opener::Passphrase(_)),
    cost,
    check,
    parameters,
    input,
};

const SALT: usize = 32;

/// Salt, memory, passes and lanes.
const PARAMETERS: usize = SALT + 3 * 4;

fn check(parameters: &[u8]) -> Result<(), Fault> {
    if parameters.len() != PARAMETERS {
        return Err(Fault::Rule("parameters of a passphrase are not 44 bytes"));
    }
    read(parameters).map(|_| ()).map_err(Fault::Cost)
}

fn parameters(new: &NewSlot<'_>, entropy: &mut dyn Entropy) -> Tried<Vec<u8>> {
    let NewSlot::Passphrase(_, cost) = new else {
        return None;
    };
    let salt = match random::array::<SALT>(entropy) {
        Ok(salt) => salt,
        Err(error) => return Some(Err(error.into())),
    };
    let mut parameters = salt.to_vec();
    for number in [cost.memory_kib(), cost.passes(), cost.lanes()] {
        parameters.extend(number.to_be_bytes());
    }
    Some(Ok(parameters))
}

fn input(opener: &Opener<'_>, parameters: &[u8]) -> Tried<Input> {
    let Opener::Passphrase(passphrase) = opener else {
        return None;
    };
    Some(read(parameters).and_then(|(salt, cost)| cost.derive(passphrase, &salt)))
}

/// Returns the costs that the parameters of a passphrase slot name.
fn cost(parameters: &[u8]) -> Option<Cost> {
    read(parameters).ok().map(|(_, cost)| cost)
}

fn read(parameters: &[u8]) -> Result<([u8; SALT], Cost), Error> {
    let mut reader = Reader::new(parameters);
    let fields = |reader: &mut Reader<'_>| {
        Some((reader.array()?, reader.u32()?, reader.u32()?, reader.u32()?))
    };
    let (salt, memory, passes, lanes) =
        fields(&mut reader).ok_or(Error::Contradiction("parameters were read before"))?;
    Ok((salt, Cost::new(memory, passes, lanes)?))
}
