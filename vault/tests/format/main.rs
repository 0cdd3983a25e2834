//! The format of the vault file: every vector, and what no damage and no mixture gets past.

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
mod vectors;
