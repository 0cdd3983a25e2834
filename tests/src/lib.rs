//! The harness of the end-to-end tests.
//!
//! It starts the real program in a home of its own, beside real servers, and lets real clients judge it. Everything panics with
//! a sentence that names what went wrong: a missing tool is a failed test, never a skipped one.
//!
//! The program under test is `keyward` beside the test binary. The environment variable `KEYWARD_BIN` names another one, such as
//! OpenSSH's `ssh-agent`, to learn what that does in the same place.

// In the order of dependence: a group uses those above it only.
pub mod deadline;
pub mod message;
pub mod process;
pub mod program;
pub mod run;
pub mod console;

pub mod connection;
pub mod home;

pub mod askpass;
pub mod key;
pub mod onlooker;

pub mod agent;
pub mod server;

pub mod command_line;
pub mod secret_forms;

pub mod vault;

pub mod dam;
pub mod cheap_vault;
pub mod vault_file;
pub mod planted_vault;
pub mod kill_points;
pub mod screen;
pub mod vault_keys;
pub mod terminal;

pub mod memory_scan;

pub use agent::Agent;
pub use cheap_vault::CheapVault;
pub use command_line::CommandLine;
pub use connection::Connection;
pub use console::Console;
pub use dam::Dam;
pub use home::Home;
pub use key::{Key, KeyKind};
pub use planted_vault::PlantedVault;
pub use run::Run;
pub use screen::Screen;
pub use server::Server;
pub use terminal::Terminal;
pub use vault_file::VaultFile;
