//! Handing a key to the one who will sign with it.

use std::rc::Rc;

use super::{Agent, Reason};
use crate::front::binding::Bindings;
use crate::front::policy;
use crate::front::provider::Provider;
use crate::front::ring::{FingerprintHash, Identity, Signer, Token};
use crate::keeper::channel::Ask;
use crate::protocol::algorithm::KeyType;
use crate::protocol::private_key::Material;

/// The flag of a token's key that asks for a touch (`SSH_SK_USER_PRESENCE_REQD`, `PROTOCOL.u2f`).
const USER_PRESENCE: u8 = 0x01;

impl Agent {
    /// Describes a key for the ring before anybody signs for it, without constraints.
    pub fn describe(&self, blob: Rc<[u8]>, key_type: KeyType, plain_blob: &[u8]) -> Identity {
        Identity {
            blob,
            key_type,
            comment: Vec::new(),
            fingerprint: FingerprintHash::Sha256.of(plain_blob),
            shown_fingerprint: self.fingerprint_hash.of(plain_blob),
            signer: Signer::Closed,
            expires: None,
            confirm: false,
            destinations: Vec::new(),
            from_vault: false,
        }
    }

    /// Hands a key to the keeper, or remembers which token has it.
    ///
    /// `bindings` are those of the connection it came on; none for what cannot come from another host.
    ///
    /// # Errors
    /// The [`Reason`]: the keeper refused it, or the token's middleware may not be loaded.
    pub async fn hold(
        &self,
        material: &Material<'_>,
        key_bytes: &[u8],
        provider: Option<&str>,
        bindings: Option<&Bindings>,
    ) -> Result<Signer, Reason> {
        match token_fields(material) {
            Some((application, flags)) => {
                let provider = self
                    .provider(provider.unwrap_or(Provider::INTERNAL), bindings)
                    .await?;
                let (key_bytes, application) = (key_bytes.to_vec(), application.to_vec());
                let presence = flags & USER_PRESENCE != 0;
                Ok(Signer::Token(Rc::new(Token {
                    key_bytes,
                    provider,
                    application,
                    presence,
                })))
            }
            None if provider.is_some() => Err(Reason::ProviderWithoutToken),
            None => {
                let id = self.supervisor.next_key();
                self.ask(Ask::Add(id, key_bytes)).await?;
                Ok(Signer::Keeper(id))
            }
        }
    }

    async fn provider(&self, name: &str, bindings: Option<&Bindings>) -> Result<Provider, Reason> {
        // Before the file system is asked: a remote client must not learn what is there, nor make us
        // wait for it.
        if let Some(bindings) = bindings
            && !name.eq_ignore_ascii_case(Provider::INTERNAL)
        {
            policy::load_provider(bindings, &self.rules)?;
        }
        let found = self.rules.providers.find(name).await;
        found.map_err(|error| Reason::Provider(error.to_string()))
    }
}

/// Returns the relying party and flags of a token's key.
const fn token_fields<'a>(material: &Material<'a>) -> Option<(&'a [u8], u8)> {
    match material {
        Material::SkEd25519 {
            application, flags, ..
        }
        | Material::SkEcdsaP256 {
            application, flags, ..
        } => Some((application, *flags)),
        _ => None,
    }
}
