//! Elliptic curve keys in DER (RFC 5915, SEC 1 appendix C.4).

use pkcs8::der::{Decode, ErrorKind, Tag};
use pkcs8::spki::ObjectIdentifier;
use sec1::EcPrivateKey;

use super::error::ImportError;
use super::{Format, PrivateKey};
use crate::key::{Curve, Fields, ecdsa_point, magnitude};

/// The curves and their identifiers (RFC 5480 section 2.1.1.1).
const CURVES: [(Curve, &str); 3] = [
    (Curve::P256, "1.2.840.10045.3.1.7"),
    (Curve::P384, "1.3.132.0.34"),
    (Curve::P521, "1.3.132.0.35"),
];

/// Curves that OpenSSL offers beside them, for a message that people understand.
const OTHERS: [(&str, &str); 5] = [
    ("1.3.132.0.10", "secp256k1"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
];

/// Finds a curve by its identifier.
pub(super) fn curve(oid: ObjectIdentifier) -> Result<Curve, ImportError> {
    let oid = oid.to_string();
    if let Some((curve, _)) = CURVES.iter().find(|(_, known)| *known == oid) {
        return Ok(*curve);
    }
    let other = OTHERS.iter().find(|(known, _)| *known == oid);
    let name = other.map_or(oid.as_str(), |(_, name)| name).to_owned();
    Err(ImportError::Curve { name })
}

/// Returns the identifier of a curve.
pub(crate) fn identifier(curve: Curve) -> &'static str {
    let known = CURVES.iter().find(|(known, _)| *known == curve);
    known.map_or("", |(_, oid)| oid)
}

/// Reads a key. In PKCS #8 the curve stands outside, and may be left out here.
///
/// The point is computed: a file may lack it, or have it in the short form. One that is there has to be the same.
pub(super) fn decode(
    der: &[u8],
    outer: Option<Curve>,
    format: Format,
) -> Result<PrivateKey, ImportError> {
    let damaged = |what| ImportError::Damaged { format, what };
    let key = EcPrivateKey::from_der(der).map_err(|error| match error.kind() {
        ErrorKind::TagUnexpected {
            actual: Tag::Sequence,
            ..
        } => explicit(),
        _ => damaged("elliptic curve key"),
    })?;
    let named = key.parameters.and_then(sec1::EcParameters::named_curve);
    let curve = match (named.map(curve).transpose()?, outer) {
        (Some(inner), Some(outer)) if inner != outer => return Err(damaged("two curves")),
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => return Err(damaged("no curve")),
    };
    let scalar = magnitude(key.private_key);
    let point = ecdsa_point(curve, scalar).ok_or(damaged("private key is not on the curve"))?;
    if key
        .public_key
        .is_some_and(|public| !is_same(&point, public))
    {
        return Err(damaged("public key is not that of the private key"));
    }
    let fields = Fields::Ecdsa {
        curve,
        point: &point,
        scalar,
    };
    Ok(PrivateKey::from_fields(fields.to_secret())?)
}

pub(super) fn explicit() -> ImportError {
    ImportError::Curve {
        name: "given by its parameters".to_owned(),
    }
}

/// Says whether `public` is `point`, in the long or in the short form (SEC 1 section 2.3.3).
fn is_same(point: &[u8], public: &[u8]) -> bool {
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
    let is_odd = y.last().is_some_and(|byte| byte % 2 == 1);
    match public {
        [2 | 3, short @ ..] => short == x && public.first() == Some(&(2 + u8::from(is_odd))),
        long => long == point,
    }
}
