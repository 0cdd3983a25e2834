//! What a key of the vault is in an agent: one identity, and another one for its certificate.

use std::time::Duration;

use keyward_agent::client::Client;
use keyward_agent::front::vault::message::{Instead, Key, Public, State};
use keyward_agent::protocol::constraint::Constraints;
use keyward_agent::protocol::private_key::PrivateKey;
use keyward_agent::protocol::wire::{Reader, Writer};
use keyward_vault::{KeyRecord, Secret};
use serde_json::value::to_raw_value;

use super::super::open::Open;
use super::id;
use crate::error::Error;
use crate::{destination, environment};

/// The variable that names the library (ssh-add(1), ENVIRONMENT).
const SK_PROVIDER: &str = "SSH_SK_PROVIDER";

/// One key of the vault with its constraints.
#[derive(Debug)]
struct Identities<'a> {
    record: &'a KeyRecord,
    constraints: Vec<u8>,
}

/// Hands a key to the agent, with its private part where the vault is open in it.
///
/// # Errors
/// The connection failed, or the key cannot be read.
pub(super) fn hand_over(
    record: &KeyRecord,
    client: &mut Client,
    open: &Open,
    state: State,
) -> Result<(), Error> {
    let key = Key {
        record: id(&record.id().to_string())?,
        version: open.vault().version(record.id()),
        listing: to_raw_value(&open.listing_of(record)).map_err(std::io::Error::from)?,
    };
    match of(record) {
        Ok(identities) if state == State::Closed => identities.list(client, &key),
        Ok(identities) => identities.serve(client, &key, open),
        Err(reason) => Ok(client.vault_key_without(&key, &Instead::Reason(reason))?),
    }
}

/// Makes the constraints of a key.
///
/// # Errors
/// A destination has no known host keys: the key is not served at all then, for without its constraint it would be
/// served everywhere.
fn of(record: &KeyRecord) -> Result<Identities<'_>, String> {
    let metadata = record.metadata();
    let destinations = metadata.destinations.iter();
    let resolved = destinations.map(|text| destination::resolve(text));
    let destinations = resolved.collect::<Result<_, _>>();
    let destinations = destinations.map_err(|error| error.to_string())?;
    let lifetime = metadata.lifetime_seconds;
    let constraints = Constraints {
        lifetime: lifetime.map(|seconds| Duration::from_secs(u64::from(seconds.get()))),
        confirm: metadata.confirm,
        destinations,
        sk_provider: provider(record),
    };
    Ok(Identities {
        record,
        constraints: constraints.encode(),
    })
}

/// The library that reaches the token of a key, as `ssh-add` chooses it; the one built in where there is none.
fn provider(record: &KeyRecord) -> Option<String> {
    let named = || environment::filled(SK_PROVIDER)?.into_string().ok();
    record.key_type().starts_with("sk-").then(named).flatten()
}

impl Identities<'_> {
    fn certificate(&self) -> Option<&[u8]> {
        let blob = &self.record.metadata().certificate[..];
        Some(blob).filter(|blob| !blob.is_empty())
    }

    fn list(&self, client: &mut Client, key: &Key) -> Result<(), Error> {
        let blobs = [Some(self.record.public_key()), self.certificate()];
        for blob in blobs.into_iter().flatten() {
            client.vault_key_without(key, &Instead::Public(self.public(blob)))?;
        }
        Ok(())
    }

    fn serve(&self, client: &mut Client, key: &Key, open: &Open) -> Result<(), Error> {
        let fields = open.vault().private(self.record.id())?;
        client.vault_private_key(key, self.message(fields.expose()).expose())?;
        if let Some(certificate) = self.certificate() {
            let plain = PrivateKey::read(&mut Reader::new(fields.expose()));
            let plain = plain.map_err(|error| Error::Protocol(error.to_string()))?;
            let certified = PrivateKey {
                certificate: Some(certificate),
                ..plain
            };
            let message = self.message(certified.encode().expose());
            client.vault_private_key(key, message.expose())?;
        }
        Ok(())
    }

    fn public(&self, blob: &[u8]) -> Public {
        Public {
            blob: blob.to_vec(),
            comment: self.record.name().to_owned(),
            constraints: self.constraints.clone(),
        }
    }

    /// Writes the body of an add message; the bytes do not move while it is written.
    fn message(&self, fields: &[u8]) -> Secret<Vec<u8>> {
        let name = self.record.name().as_bytes();
        let room = fields.len() + 4 + name.len() + self.constraints.len();
        let mut message = Secret::new(Vec::with_capacity(room));
        let out = message.expose_mut();
        out.extend_from_slice(fields);
        out.put_string(name);
        out.extend_from_slice(&self.constraints);
        message
    }
}
