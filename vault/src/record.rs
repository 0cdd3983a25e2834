//! What is sealed in a vault (`FORMAT.md` section 5).

mod number;
mod fields;
mod key;
mod slot;

pub(crate) use key::{BROKEN_KEY, Times, encode_key};
pub use key::{KeyRecord, Metadata};
pub use slot::SlotRecord;
pub(crate) use slot::{LABEL, encode_slot, label_is_allowed, wrap_keys};

use crate::cbor;
use crate::error::Broken;
use crate::id::RecordId;
use crate::timestamp::Timestamp;
use fields::Fields;

const KEY: u64 = 1;

const SLOT: u64 = 2;

/// What a record says, without what is secret in it.
#[derive(Debug, Clone)]
pub enum Content {
    /// A private key.
    Key(Box<KeyRecord>),
    /// What belongs to a slot.
    Slot(SlotRecord),
    /// A kind that a later version knows. It is kept as it is.
    Unknown,
}

impl Content {
    /// Reads the content of a record, and keeps no byte of its secrets. Nor may it copy one on the way: what it allocates is
    /// no secret memory where the program has such (`memory::public`).
    ///
    /// # Errors
    /// [`Broken`] for what breaks a rule.
    pub fn read(id: RecordId, content: &[u8]) -> Result<Self, Broken> {
        let fields = Fields::read(content)?;
        let times = times(&fields)?;
        Ok(match kind(&fields)? {
            KEY => Self::Key(Box::new(key::read(id, times, &fields)?)),
            SLOT => Self::Slot(slot::read(times, &fields)?),
            _ => Self::Unknown,
        })
    }
}

/// Returns the private key in the content of a record of kind key.
pub(crate) fn private_key(content: &[u8]) -> Result<&[u8], Broken> {
    let fields = Fields::read(content)?;
    let private = fields.get(number::PRIVATE).and_then(cbor::Value::bytes);
    private.ok_or(Broken("private key is missing or no byte string"))
}

/// Returns the name in the content of a record that is not right otherwise.
pub(crate) fn name_of(content: &[u8]) -> Option<String> {
    let fields = Fields::read(content).ok()?;
    fields.get(number::NAME)?.text().map(str::to_owned)
}

fn kind(fields: &Fields<'_>) -> Result<u64, Broken> {
    let kind = fields.get(number::KIND).and_then(cbor::Value::unsigned);
    kind.ok_or(Broken("kind is missing or no unsigned integer"))
}

fn times(fields: &Fields<'_>) -> Result<Times, Broken> {
    let time = |key| {
        fields
            .get(key)
            .and_then(cbor::Value::unsigned)
            .map(Timestamp)
    };
    let times = time(number::CREATED).zip(time(number::CHANGED));
    let (created, changed) = times.ok_or(Broken("times are missing or no unsigned integers"))?;
    Ok(Times { created, changed })
}

/// Returns the value of a key that may be absent.
fn optional<'a, T>(
    fields: &Fields<'a>,
    key: u64,
    read: impl FnOnce(cbor::Value<'a>) -> Option<T>,
    rule: &'static str,
) -> Result<Option<T>, Broken> {
    match fields.get(key) {
        None => Ok(None),
        Some(value) => read(value).map(Some).ok_or(Broken(rule)),
    }
}
