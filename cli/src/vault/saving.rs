//! Saving a vault that is open, with the agent in the know.

use super::agent;
use super::open::Open;
use crate::error::Error;

/// Saves what was changed, with what the agent knows of uses, and tells the agent of it.
///
/// # Errors
/// Why it could not be saved; the file is as it was then.
pub(crate) fn save(open: &mut Open) -> Result<(), Error> {
    if !open.vault().is_changed() {
        return Ok(());
    }
    agent::take_uses(open)?;
    open.save()?;
    agent::update(open);
    Ok(())
}
