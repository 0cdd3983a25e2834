//! The vault and the keys in it.

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use keyward_vault::import;
use keyward_vault::key::PublicKey;

use super::{Kind, Level, OLD_DAYS, Review, Seen, certificates, sizes};
use crate::ask::{self, AskError};
use crate::error::Error;
use crate::hint;
use crate::listing::Listing;
use crate::vault::arguments::Arguments;
use crate::vault::backup::reminder::Backups;
use crate::vault::{agent, open, open::Open};

/// After how many days without use a key is spoken of.
const UNUSED_DAYS: i64 = 180;

/// Looks at the vault, if there is one.
pub(super) fn look(arguments: &Arguments, review: &mut Review) -> Result<(), Error> {
    if !arguments.path.exists() {
        return Ok(());
    }
    let subject = arguments.path.to_string_lossy().into_owned();
    let about = (Kind::Vault, subject.as_str());
    let sealed = match open::read(arguments) {
        Ok((_, sealed)) => sealed,
        Err(error) => {
            let fix = hint::advice(&error).unwrap_or_else(|| "keyward fsck".to_owned());
            let words = (error.to_string(), fix);
            review.add(Level::Wrong, "vault", about, words);
            return Ok(());
        }
    };
    if sealed.slots().iter().all(|slot| slot.cost().is_some()) {
        let message = "no recovery code opens it: who forgets the passphrase loses the keys";
        let words = (message.to_owned(), "keyward slot add recovery".to_owned());
        review.add(Level::Note, "no-recovery", about, words);
    }
    let backups = Backups::of(arguments);
    for reminder in backups.iter().flat_map(|backups| &backups.reminders) {
        let words = (reminder.message.clone(), reminder.fix.clone());
        review.add(Level::Wrong, "backup", about, words);
    }
    match keys(arguments) {
        Ok(Some(keys)) => keys.iter().for_each(|listed| key(listed, review)),
        // What makes a vault suspicious is a finding, and not the end of the review.
        Err(error) if error.is_suspicion() => {
            let fix = hint::advice(&error).unwrap_or_default();
            review.add(Level::Wrong, "vault", about, (error.to_string(), fix));
        }
        Err(error) => return Err(error),
        Ok(None) => review.leave_out(
            subject,
            "the keys in it: it is closed; keyward unlock opens it in the agent",
        ),
    }
    Ok(())
}

/// Returns the keys: from the agent while it has the vault open, or with a secret that was given or a person types;
/// `None` where nobody does.
fn keys(arguments: &Arguments) -> Result<Option<Vec<Listing>>, Error> {
    if let Some(keys) = agent::keys(arguments) {
        return Ok(Some(keys));
    }
    let is_given = arguments.passphrase_file.is_some() || arguments.recovery_file.is_some();
    if !is_given && !ask::has_terminal() {
        return Ok(None);
    }
    match Open::ask(arguments) {
        Ok(open) => {
            let keys = open.keys().into_iter();
            Ok(Some(keys.map(|key| open.listing_of(key)).collect()))
        }
        Err(Error::Ask(AskError::Cancelled)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn key(listed: &Listing, review: &mut Review) {
    let name = &listed.name;
    review.keys += 1;
    let about = (Kind::Key, name.as_str());
    if let Some(key) = public(&listed.public) {
        sizes::look(&key, about, review);
        review.seen.push(Seen {
            fingerprint: key.fingerprint(),
            kind: Kind::Key,
            subject: name.clone(),
            is_sealed: true,
        });
    }
    let certificate = listed
        .certificate
        .as_ref()
        .map(|line| import::certificate(line.as_bytes()));
    if let Some(Ok(certificate)) = certificate {
        certificates::look(&certificate, about, review);
    }
    let days = |time: &Option<String>| {
        let time: Timestamp = time.as_ref()?.parse().ok()?;
        Some(super::days_since(time))
    };
    let created = days(&listed.created).unwrap_or_default();
    if created > OLD_DAYS {
        let message = format!("it is {} old", super::age(created));
        review.add(
            Level::Note,
            "old-key",
            about,
            (message, sizes::successor(name)),
        );
    }
    let message = match days(&listed.last_used) {
        None if created > UNUSED_DAYS => {
            "it was never used, as far as this machine knows".to_owned()
        }
        Some(days) if days > UNUSED_DAYS => format!("it was used last {days} days ago"),
        _ => return,
    };
    let fix = format!("keyward remove {}", super::quoted_name(name));
    review.add(Level::Note, "unused", about, (message, fix));
}

fn public(line: &str) -> Option<PublicKey> {
    let blob = line.split(' ').nth(1)?;
    PublicKey::from_blob(Base64::decode_vec(blob).ok()?).ok()
}
