//! The vault as the verbs use it: opening, changing, saving, and telling the agent.

pub(crate) mod arguments;
pub(crate) mod files;
pub(crate) mod key_files;
pub(crate) mod memory;
pub(crate) mod state;
pub(crate) mod uses;
pub(crate) mod slots;
pub(crate) mod create;
pub(crate) mod unlock;
pub(crate) mod open;
mod change;
pub(crate) mod agent;
pub(crate) mod saving;
pub(crate) mod check;
pub(crate) mod backup;
