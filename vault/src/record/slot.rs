//! What belongs to a slot: its label, and what it takes to wrap a new vault key for it.

use super::fields::{Fields, Writer, kept_length};
use super::key::Times;
use super::{SLOT, number, optional};
use crate::cbor::{self, Value};
use crate::error::Broken;
use crate::id::SlotId;
use crate::secret::Secret;
use crate::slot::WrapKey;

/// The longest label, in bytes.
const LABEL_MAX: usize = 64;

/// The bytes of the keys that wrap.
const WRAP_KEYS: usize = 64;

/// A record of kind slot, without the keys that wrap.
#[derive(Debug, Clone)]
pub struct SlotRecord {
    pub(crate) times: Times,
    pub(crate) slot: SlotId,
    pub(crate) label: String,
}

pub(super) fn read(times: Times, fields: &Fields<'_>) -> Result<SlotRecord, Broken> {
    if fields.has_any(number::NAME..number::SLOT) {
        return Err(Broken("slot has a key of the map that belongs to keys"));
    }
    let slot = fields.get(number::SLOT).and_then(Value::bytes);
    let slot = slot.and_then(|id| id.try_into().ok()).map(SlotId);
    let slot = slot.ok_or(Broken("id of the slot is missing or not 16 bytes"))?;
    keys(fields)?;
    let label = optional(fields, number::LABEL, Value::text, "label is no text")?;
    if label.is_some_and(|label| label.is_empty() || !label_is_allowed(label)) {
        return Err(LABEL);
    }
    let label = label.unwrap_or_default().to_owned();
    Ok(SlotRecord { times, slot, label })
}

/// What a label breaks when [`label_is_allowed`] refuses it.
pub(crate) const LABEL: Broken = Broken("label is longer than 64 bytes or has control characters");

pub(crate) fn label_is_allowed(label: &str) -> bool {
    label.len() <= LABEL_MAX && !label.contains(char::is_control)
}

/// Returns the keys that wrap, from the content of a record of kind slot.
pub(crate) fn wrap_keys(content: &[u8]) -> Result<WrapKey, Broken> {
    let fields = Fields::read(content)?;
    Ok(WrapKey(Secret::new(*keys(&fields)?)))
}

fn keys<'a>(fields: &Fields<'a>) -> Result<&'a [u8; WRAP_KEYS], Broken> {
    let keys = fields.get(number::WRAP_KEYS).and_then(Value::bytes);
    let keys = keys.and_then(|keys| keys.try_into().ok());
    keys.ok_or(Broken("wrap keys are missing or not 64 bytes"))
}

/// Writes a record of kind slot. `before` is its content before the change, of which is kept what
/// this version does not know.
pub(crate) fn encode_slot(
    record: &SlotRecord,
    keys: &WrapKey,
    before: Option<&[u8]>,
) -> Result<Secret<Vec<u8>>, Broken> {
    let before = before.map(Fields::read).transpose()?;
    let unknown = before.as_ref().map(Fields::unknown).unwrap_or_default();
    let mut writer = Writer::new(16 + WRAP_KEYS + record.label.len() + kept_length(unknown));
    record.times.write(SLOT, &mut writer);
    cbor::put_bytes(writer.key(number::SLOT), &record.slot.0);
    cbor::put_bytes(writer.key(number::WRAP_KEYS), keys.0.expose());
    if !record.label.is_empty() {
        cbor::put_text(writer.key(number::LABEL), &record.label);
    }
    writer.keep(unknown);
    Ok(writer.finish())
}
