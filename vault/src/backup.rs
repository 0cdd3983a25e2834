//! Copies of a vault: what they are called, and what restoring one changes.
//!
//! A copy is the vault's file, byte for byte; nothing is ever opened to make one. [`CopyName`] names copies that lie
//! beside each other, [`standing()`] tells a copy from the vault by what both say without a secret, and [`plan()`]
//! compares them key by key when both are open.

mod name;
mod plan;
mod standing;

pub use name::CopyName;
pub use plan::{Change, Planned, plan};
pub use standing::{Standing, standing};
