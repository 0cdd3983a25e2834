//! The format of the vault file: every vector, and what no damage and no mixture gets past.

#![expect(clippy::as_conversions, reason = "lengths of vectors are small")]

#[cfg(test)]
mod builder;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod cbor;
#[cfg(test)]
mod fixed;
#[cfg(test)]
mod private;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod salvaging;
#[cfg(test)]
mod splices;
#[cfg(test)]
mod vectors;
