//! `ssh-copy-id`, which this version does not have.

use std::process::ExitCode;

use crate::error::Error;
use crate::hint;

/// Refuses: a copy that was not made must not look like one.
pub(crate) fn main() -> ExitCode {
    hint::report(&Error::NoCopyId)
}
