//! Shares of a recovery code, typed one by one where a passphrase is asked for.

use keyward_vault::Secret;
use keyward_vault::shares::Share;

use super::text;
use crate::ask::AskError;
use crate::error::Error;

/// Asks a person for a secret.
pub(crate) type Ask<'a> = dyn Fn(&str) -> Result<Secret<Vec<u8>>, AskError> + 'a;

/// The longest line that is kept of a share, in bytes: the words have eight letters at most.
const LINE_MAX: usize = 512;

/// Asks for the other shares where a share was typed; anything else is returned as it is.
///
/// # Errors
/// What `ask` came to.
pub(super) fn gather(typed: Secret<Vec<u8>>, ask: &Ask<'_>) -> Result<Secret<Vec<u8>>, Error> {
    let Some(share) = share(&typed) else {
        return Ok(typed);
    };
    let needed = share.threshold();
    let lines = usize::from(needed);
    let mut all = Secret::new(Vec::with_capacity(lines * (LINE_MAX + 1)));
    all.expose_mut().extend_from_slice(typed.expose());
    for number in 2..=needed {
        let line = one(number, needed, ask)?;
        all.expose_mut().push(b'\n');
        all.expose_mut().extend_from_slice(line.expose());
    }
    Ok(all)
}

/// Asks until a line is a share, which its checksum tells.
fn one(number: u8, needed: u8, ask: &Ask<'_>) -> Result<Secret<Vec<u8>>, Error> {
    let mut prompt = format!("Share {number} of the {needed} that it takes: ");
    loop {
        let typed = ask(&prompt)?;
        if typed.expose().is_empty() {
            return Err(AskError::Cancelled.into());
        }
        let error = match text(&typed).map(Share::parse)? {
            Ok(_) if typed.expose().len() <= LINE_MAX => return Ok(typed),
            Ok(_) => "it is too long".to_owned(),
            Err(error) => error.to_string(),
        };
        prompt = format!("That is no share: {error}. Share {number} of {needed}: ");
    }
}

fn share(typed: &Secret<Vec<u8>>) -> Option<Share> {
    let is_short = typed.expose().len() <= LINE_MAX;
    text(typed)
        .ok()
        .filter(|_| is_short)
        .and_then(|text| Share::parse(text).ok())
}
