//! Writing a private key as an add message has it.

use keyward_vault::Secret;

use super::{Material, PrivateKey};
use crate::protocol::algorithm::Curve;
use crate::protocol::wire::Writer;

impl PrivateKey<'_> {
    /// Writes the key as [`PrivateKey::read`] reads it, with the certificate if there is one.
    ///
    /// The bytes do not move while they are written, so that no copy of the secret stays behind.
    pub fn encode(&self) -> Secret<Vec<u8>> {
        let certificate = self.certificate.map_or(0, <[u8]>::len);
        let mut fields = Secret::new(Vec::with_capacity(certificate + self.material.room()));
        let out = fields.expose_mut();
        match self.certificate {
            None => out.put_string(self.key_type().name().as_bytes()),
            Some(certificate) => {
                out.put_string(self.key_type().certificate_name().as_bytes());
                out.put_string(certificate);
            }
        }
        self.material.encode(self.certificate.is_none(), out);
        fields
    }
}

impl Material<'_> {
    /// Writes the fields behind the name of the type, or behind the certificate, which has most of the public ones.
    fn encode(&self, is_plain: bool, out: &mut Vec<u8>) {
        match self {
            Self::Ed25519 { public, secret } => {
                out.put_string(*public);
                out.put_string(*secret);
            }
            Self::Ecdsa {
                curve,
                public,
                scalar,
            } => {
                if is_plain {
                    out.put_string(curve.name().as_bytes());
                    out.put_string(public);
                }
                out.put_mpint(scalar);
            }
            Self::Rsa {
                n,
                e,
                d,
                iqmp,
                p,
                q,
            } => {
                let numbers = [n, e, d, iqmp, p, q];
                for number in numbers.into_iter().skip(if is_plain { 0 } else { 2 }) {
                    out.put_mpint(number);
                }
            }
            Self::SkEd25519 { public, .. } => {
                out.put_string(*public);
                self.encode_token(out);
            }
            Self::SkEcdsaP256 { public, .. } => {
                if is_plain {
                    out.put_string(Curve::P256.name().as_bytes());
                    out.put_string(public);
                }
                self.encode_token(out);
            }
        }
    }

    fn encode_token(&self, out: &mut Vec<u8>) {
        if let Self::SkEd25519 {
            application,
            flags,
            key_handle,
            reserved,
            ..
        }
        | Self::SkEcdsaP256 {
            application,
            flags,
            key_handle,
            reserved,
            ..
        } = self
        {
            out.put_string(application);
            out.push(*flags);
            out.put_string(key_handle);
            out.put_string(reserved);
        }
    }

    /// Returns at least the number of bytes that the fields take, names and lengths included.
    fn room(&self) -> usize {
        let fields = match self {
            Self::Ed25519 { public, secret } => public.len() + secret.len(),
            Self::Ecdsa { public, scalar, .. } => public.len() + scalar.len(),
            Self::Rsa {
                n,
                e,
                d,
                iqmp,
                p,
                q,
            } => [n, e, d, iqmp, p, q]
                .map(|number| number.len())
                .iter()
                .sum(),
            Self::SkEd25519 {
                public,
                application,
                key_handle,
                reserved,
                ..
            } => public.len() + application.len() + key_handle.len() + reserved.len(),
            Self::SkEcdsaP256 {
                public,
                application,
                key_handle,
                reserved,
                ..
            } => public.len() + application.len() + key_handle.len() + reserved.len(),
        };
        fields + 128
    }
}
