//! End-to-end tests: the real program, judged by real clients and servers.
//!
//! A module per subject; a test's name is a sentence. They run in parallel as processes of their own (`tests/run`).

mod every_key;

mod adding;
mod at_birth;
mod audit;
mod backup;
mod backup_remote;
mod backup_paper;
mod clients;
mod command_line;
mod completing;
mod configuration;
mod confirming;
mod crowding;
mod destinations;
mod exporting;
mod forwarding;
mod frames;
mod git;
mod import_formats;
mod importing;
mod keeper;
mod lifetimes;
mod locking;
mod login;
mod memory;
mod other_clients;
mod other_users;
mod passphrase;
mod passphrase_chosen;
mod regress;
mod second_reader;
mod shell;
mod signals;
mod signing;
mod socket_activation;
mod sockets;
mod status;
mod subprocess;
mod vault_agent_memory;
mod vault_commands;
mod vault_disk;
mod vault_faults;
mod vault_files;
mod vault_hostile;
mod vault_killed;
mod vault_memory;
mod vault_mending;
mod vault_prompts;
mod vault_shares;
mod vault_slots;
mod vault_unlock_prompts;
mod vault_unlocking;
mod vault_writers;
