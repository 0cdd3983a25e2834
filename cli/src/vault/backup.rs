//! Copies of the vault: making, checking, fetching and restoring them.

pub(crate) mod copy;
pub(crate) mod notes;
pub(crate) mod place;
pub(crate) mod reminder;
pub(crate) mod folder;
mod batch;
pub(crate) mod remote;
pub(crate) mod drill;
pub(crate) mod restoring;
