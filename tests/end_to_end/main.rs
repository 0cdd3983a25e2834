//! End-to-end tests: the real program, judged by real clients and servers.
//!
//! A module per subject; a test's name is a sentence. They run in parallel as processes of their own (`tests/run`).

mod clients;
mod every_key;

mod adding;
mod audit;
mod command_line;
mod configuration;
mod confirming;
mod crowding;
mod destinations;
mod forwarding;
mod frames;
mod git;
mod keeper;
mod lifetimes;
mod locking;
mod login;
mod memory;
mod other_clients;
mod other_users;
mod regress;
mod shell;
mod signals;
mod signing;
mod socket_activation;
mod sockets;
mod status;
mod subprocess;
mod vault_prompts;
mod vault_unlocking;
