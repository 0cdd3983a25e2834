//! What is asked for in the JSON of a request.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::front::vault::message::{Begin, FieldError, Instead, Key, KeyFields};

/// The longest JSON of a request, in bytes.
pub const JSON_MAX: usize = 64 << 10;

/// The longest name of a request that is shown in an answer, in characters.
const NAME_MAX: usize = 64;

/// A request.
#[derive(Debug)]
pub enum Request {
    /// Tells the state of the agent.
    Status,
    /// Concerns the vault.
    Vault(VaultRequest),
}

/// A request that concerns the vault.
#[derive(Debug)]
pub enum VaultRequest {
    /// Begins a new catalogue.
    Begin(Begin),
    /// Adds a key without its private part to it, or tells why that is not possible.
    Key(Result<(Key, Instead), MessageError>),
    /// Makes it count.
    Commit,
    /// Closes the vault.
    Lock,
    /// Lists what is in it.
    List,
}

/// Says why a request is not understood.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It is not an object, or has not the fields it has to have.
    #[error("malformed request: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A field does not hold what it has to.
    #[error("malformed request: {0}")]
    Field(#[from] FieldError),
    /// Nothing has this name.
    #[error("unknown request {0:?}")]
    Unknown(String),
}

/// The names of the requests.
mod name {
    pub(super) const STATUS: &str = "status";
    pub(super) const BEGIN: &str = "vault begin";
    pub(super) const KEY: &str = "vault key";
    pub(super) const COMMIT: &str = "vault commit";
    pub(super) const LOCK: &str = "vault lock";
    pub(super) const LIST: &str = "vault list";
}

/// The fields of a request beside its name.
type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Request {
    /// Reads a request without a secret.
    ///
    /// A field that is not known makes it fail: what it asks for would not be done.
    ///
    /// # Errors
    /// A [`MessageError`].
    pub fn decode(json: &[u8]) -> Result<Self, MessageError> {
        let (name, fields) = split(json)?;
        let nothing = |request| fields_of::<Nothing>(fields.clone()).map(|_| request);
        Ok(match &*name {
            name::STATUS => nothing(Self::Status)?,
            name::COMMIT => nothing(Self::Vault(VaultRequest::Commit))?,
            name::LOCK => nothing(Self::Vault(VaultRequest::Lock))?,
            name::LIST => nothing(Self::Vault(VaultRequest::List))?,
            name::BEGIN => {
                let begin: Begin = fields_of(fields)?;
                begin.check()?;
                Self::Vault(VaultRequest::Begin(begin))
            }
            // It has no answer of its own: what is wrong with it is told with the commit's.
            name::KEY => Self::Vault(VaultRequest::Key(public_key(fields))),
            other => {
                return Err(MessageError::Unknown(
                    other.chars().take(NAME_MAX).collect(),
                ));
            }
        })
    }
}

fn public_key(fields: Fields<'_>) -> Result<(Key, Instead), MessageError> {
    Ok(fields_of::<KeyFields>(fields)?.without_private()?)
}

/// Reads the JSON before a private key.
///
/// # Errors
/// A [`MessageError`].
pub fn decode_private(json: &[u8]) -> Result<Key, MessageError> {
    let (name, fields) = split(json)?;
    if name != name::KEY {
        return Err(MessageError::Unknown(name.chars().take(NAME_MAX).collect()));
    }
    Ok(fields_of::<KeyFields>(fields)?.with_private()?)
}

fn split(json: &[u8]) -> Result<(Cow<'_, str>, Fields<'_>), serde_json::Error> {
    let mut fields: Fields<'_> = serde_json::from_slice(json)?;
    let name = fields.remove("request");
    let name = name.ok_or_else(|| serde::de::Error::missing_field("request"))?;
    Ok((serde_json::from_str::<String>(name.get())?.into(), fields))
}

fn fields_of<'a, T: Deserialize<'a>>(fields: Fields<'a>) -> Result<T, serde_json::Error> {
    T::deserialize(MapDeserializer::new(fields.into_iter()))
}

/// A request as it is written.
#[derive(Serialize)]
struct Written<'a, T> {
    request: &'static str,
    #[serde(flatten)]
    fields: &'a T,
}

fn written<T: Serialize>(request: &'static str, fields: &T) -> Vec<u8> {
    // It fails only for maps whose keys are no strings: unreachable.
    serde_json::to_vec(&Written { request, fields }).unwrap_or_default()
}

/// Writes `vault begin`.
pub fn begin(begin: &Begin) -> Vec<u8> {
    written(name::BEGIN, begin)
}

/// Writes `vault key`: the JSON before a private key, or the whole request where something comes instead.
pub fn key(key: &Key, instead: Option<&Instead>) -> Vec<u8> {
    written(name::KEY, &KeyFields::new(key, instead))
}

/// Writes `vault commit`.
pub fn commit() -> Vec<u8> {
    written(name::COMMIT, &())
}

/// Writes `vault lock`.
pub fn lock() -> Vec<u8> {
    written(name::LOCK, &())
}

/// Writes `vault list`.
pub fn list() -> Vec<u8> {
    written(name::LIST, &())
}

#[cfg(test)]
mod tests;
