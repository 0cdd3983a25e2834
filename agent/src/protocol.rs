//! Bytes to types and back, without input or output (RFC 9987, `PROTOCOL.agent`).

pub mod wire;
