//! Sockets, protocol and policy; everything that sees no private key.
