//! The programs whose place this one takes, with their flags, words and exit codes.

pub(crate) mod ssh_agent;
pub(crate) mod ssh_copy_id;
