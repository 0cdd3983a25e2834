//! The life of the keeper's process.

use std::process::ExitCode;

/// Runs the keeper until its front is gone.
pub fn main() -> ExitCode {
    ExitCode::FAILURE
}
