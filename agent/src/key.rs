//! Private keys that were checked, and what they sign.

pub mod error;
#[cfg(test)]
pub(crate) mod test_key;
pub mod rsa;
pub mod signing_key;
pub mod generate;
