//! The ways to open a vault (`FORMAT.md` section 3).
//!
//! Each slot wraps the same vault key. A new kind of slot is a file in `slot/` and a line in
//! the table of this one; all else treats slots alike, those of unknown kinds too.

mod passphrase;
mod recovery;
mod wrapping;

pub(crate) use wrapping::{Context, SlotKeys, WrapKey};

use crate::cost::WORK_SUM_MAX;
use crate::error::{Error, Part, damaged};
use crate::id::SlotId;
use crate::random::{self, Entropy};
use crate::subkey::Key;
use crate::wire::{Reader, put_string, u32_of};
use crate::{Cost, Passphrase, RecoveryCode, Secret};

/// The longest body of a slot, in bytes.
const BODY_MAX: u32 = 2048;

/// A secret that opens slots of its kind.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Opener<'a> {
    /// What a person remembers.
    Passphrase(&'a Passphrase),
    /// What is on paper.
    RecoveryCode(&'a RecoveryCode),
}

/// A slot to be made.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum NewSlot<'a> {
    /// One that opens with a passphrase, at a cost.
    Passphrase(&'a Passphrase, Cost),
    /// One that opens with a recovery code.
    RecoveryCode(&'a RecoveryCode),
}

/// A kind of slot.
struct Kind {
    /// Its type in the file.
    number: u16,
    /// Its name to a person.
    name: &'static str,
    /// Says whether a secret is of this kind.
    takes: fn(&Opener<'_>) -> bool,
    /// Returns what the parameters cost to derive from, if that is more than a moment.
    cost: fn(&[u8]) -> Option<Cost>,
    /// Refuses parameters that break a rule, before anything is allocated or derived.
    check: fn(&[u8]) -> Result<(), Fault>,
    /// Makes the parameters of a new slot, if it is to be of this kind.
    parameters: fn(&NewSlot<'_>, &mut dyn Entropy) -> Tried<Vec<u8>>,
    /// Returns the input key material that the secret has for the parameters, if it is of this kind.
    input: fn(&Opener<'_>, &[u8]) -> Tried<Input>,
}

/// Input key material.
type Input = Secret<Vec<u8>>;

/// `None` for what is of another kind.
type Tried<T> = Option<Result<T, Error>>;

/// What can be wrong with parameters.
enum Fault {
    Rule(&'static str),
    Cost(Error),
}

/// Every kind of slot that this version knows.
static KINDS: [&Kind; 2] = [&passphrase::KIND, &recovery::KIND];

fn kind(number: u16) -> Option<&'static Kind> {
    KINDS.into_iter().find(|kind| kind.number == number)
}

/// One slot, as it stands in the header. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    number: u16,
    id: SlotId,
    parameters: Vec<u8>,
    commitment: [u8; 32],
    wrapped: wrapping::Wrapped,
}

impl Slot {
    /// Reads a slot from its type on. `number` counts the slots from 1, for errors.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a slot that breaks a rule, and [`Error::Cost`] for one that asks for
    /// more than may be given.
    pub(crate) fn read(reader: &mut Reader<'_>, number: usize) -> Result<Self, Error> {
        let part = Part::Slot(number);
        let frame = |reader: &mut Reader<'_>| Some((reader.u16()?, reader.u16()?, reader.u32()?));
        let (kind, flags, length) = damaged(frame(reader), part, "header ends within it")?;
        damaged((flags == 0).then_some(()), part, "flags are not 0")?;
        let length = Some(length).filter(|length| *length <= BODY_MAX);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let length = damaged(length, part, "body is longer than 2048 bytes")?;
        let body = damaged(reader.take(length), part, "header ends within it")?;
        let slot = Self::body(kind, &mut Reader::new(body));
        let slot = damaged(slot, part, "length does not agree with the body")?;
        slot.check(part)?;
        Ok(slot)
    }

    /// Reads a slot that stands alone, as its header has it.
    ///
    /// # Errors
    /// As [`Header::read`](crate::header::Header::read), for a slot.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let slot = Self::read(&mut reader, 1)?;
        let whole = reader.is_empty().then_some(slot);
        damaged(whole, Part::Slot(1), "bytes stand after it")
    }

    /// Writes the slot as its header has it.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn body(number: u16, reader: &mut Reader<'_>) -> Option<Self> {
        let slot = Self {
            number,
            id: SlotId(reader.array()?),
            parameters: reader.string()?.to_vec(),
            commitment: reader.array()?,
            wrapped: wrapping::Wrapped::read(reader)?,
        };
        reader.is_empty().then_some(slot)
    }

    fn check(&self, part: Part) -> Result<(), Error> {
        check(self.number, &self.parameters, part)
    }

    /// Writes the slot from its type on.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.number.to_be_bytes());
        out.extend([0; 2]);
        let fixed = 16 + 4 + 32 + wrapping::Wrapped::LENGTH;
        out.extend(u32_of(fixed + self.parameters.len()).to_be_bytes());
        out.extend(self.id.0);
        put_string(out, &self.parameters);
        out.extend(self.commitment);
        self.wrapped.write(out);
    }

    /// Makes a slot that opens with a new secret, and the keys that wrap for it. It takes as long as
    /// its derivation.
    pub(crate) fn create(
        new: &NewSlot<'_>,
        vault_key: &Key,
        context: &Context<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, WrapKey), Error> {
        let (number, parameters) = new_parameters(new, entropy)?;
        let id = SlotId(random::array(entropy)?);
        let unknown = Error::Contradiction("every secret is of a kind of slot");
        let input = input(number, &parameters, &new.opener()).unwrap_or(Err(unknown))?;
        let keys = SlotKeys::derive(context, id, input.expose())?;
        let commitment = keys.commitment;
        let wrap = keys.wrap_key();
        let mut slot = Self {
            number,
            id,
            parameters,
            commitment,
            wrapped: wrapping::Wrapped::default(),
        };
        slot.wrap(vault_key, &wrap, context, entropy)?;
        Ok((slot, wrap))
    }

    /// Derives the keys of the slot from a secret: `None` when the secret is of another kind.
    ///
    /// It takes as long as [`Slot::cost`] says. Whether the secret is right shows only in
    /// [`Slot::unwrap`].
    pub(crate) fn derive(
        &self,
        opener: &Opener<'_>,
        context: &Context<'_>,
    ) -> Option<Result<SlotKeys, Error>> {
        let input = (kind(self.number)?.input)(opener, &self.parameters)?;
        Some(input.and_then(|input| SlotKeys::derive(context, self.id, input.expose())))
    }

    /// Says whether the secret is of the kind of this slot, without deriving anything.
    pub(crate) fn takes(&self, opener: &Opener<'_>) -> bool {
        kind(self.number).is_some_and(|kind| (kind.takes)(opener))
    }

    /// Returns what the bytes before the wrapped key are authenticated with.
    fn associated(&self, context: &Context<'_>) -> Vec<u8> {
        let mut associated = wrapping::LABEL.to_vec();
        associated.extend(context.vault.0);
        associated.extend(context.commitment);
        associated.extend(self.number.to_be_bytes());
        associated.extend([0; 2]);
        associated.extend(self.id.0);
        put_string(&mut associated, &self.parameters);
        associated.extend(self.commitment);
        associated.extend(self.wrapped.ephemeral);
        associated
    }

    /// Returns the name of the slot.
    pub fn id(&self) -> SlotId {
        self.id
    }

    /// Returns what commits the slot to its secret; another one only under another name.
    pub fn commitment(&self) -> [u8; 32] {
        self.commitment
    }

    /// Returns the type of the slot as the file has it.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Returns what a person calls the kind of the slot, or `None` for an unknown kind.
    pub fn kind_name(&self) -> Option<&'static str> {
        kind(self.number).map(|kind| kind.name)
    }

    /// Returns what it costs to open the slot, if that is more than a moment.
    pub fn cost(&self) -> Option<Cost> {
        (kind(self.number)?.cost)(&self.parameters)
    }
}

/// Makes the parameters of a new slot outside of a vault, and returns them behind its type.
pub(crate) fn new_parameters(
    new: &NewSlot<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(u16, Vec<u8>), Error> {
    let made = KINDS
        .into_iter()
        .find_map(|kind| Some((kind.number, (kind.parameters)(new, entropy)?)));
    let (number, parameters) =
        made.ok_or(Error::Contradiction("every secret is of a kind of slot"))?;
    Ok((number, parameters?))
}

/// Returns the input key material of a secret for a slot's type and parameters: `None` when it is of another kind.
pub(crate) fn input(
    number: u16,
    parameters: &[u8],
    opener: &Opener<'_>,
) -> Option<Result<Secret<Vec<u8>>, Error>> {
    (kind(number)?.input)(opener, parameters)
}

/// Returns what it costs to derive from parameters, if that is more than a moment.
pub(crate) fn cost(number: u16, parameters: &[u8]) -> Option<Cost> {
    (kind(number)?.cost)(parameters)
}

/// Checks the parameters of a type, before anything is allocated or derived.
pub(crate) fn check(number: u16, parameters: &[u8], part: Part) -> Result<(), Error> {
    let check = kind(number).map_or(Ok(()), |kind| (kind.check)(parameters));
    check.map_err(|fault| match fault {
        Fault::Rule(rule) => Error::Damaged { part, rule },
        Fault::Cost(error) => error,
    })
}

/// Refuses slots whose derivations would take too long in sum: who does not know the right passphrase waits for all.
///
/// # Errors
/// [`Error::Work`]; nothing is derived to find out.
pub(crate) fn check_work<'a>(
    slots: impl IntoIterator<Item = &'a Slot>,
    new: Option<&NewSlot<'_>>,
) -> Result<(), Error> {
    let held = slots.into_iter().filter_map(Slot::cost);
    let new = new.and_then(NewSlot::cost);
    let work = held.chain(new).map(Cost::work).sum();
    if work > WORK_SUM_MAX {
        let limit = WORK_SUM_MAX;
        return Err(Error::Work { work, limit });
    }
    Ok(())
}

impl<'a> NewSlot<'a> {
    fn cost(&self) -> Option<Cost> {
        match self {
            Self::Passphrase(_, cost) => Some(*cost),
            Self::RecoveryCode(_) => None,
        }
    }

    /// Returns the secret that opens the slot.
    pub(crate) fn opener(&self) -> Opener<'a> {
        match *self {
            Self::Passphrase(passphrase, _) => Opener::Passphrase(passphrase),
            Self::RecoveryCode(code) => Opener::RecoveryCode(code),
        }
    }
}
