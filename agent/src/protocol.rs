//! Bytes to types and back, without input or output (RFC 9987, `PROTOCOL.agent`).

pub mod wire;
pub mod frame;
pub mod algorithm;
pub mod public_key;
pub mod private_key;
pub mod extension;
pub mod signed_data;
pub mod constraint;
pub mod message;
