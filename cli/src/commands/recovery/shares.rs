//! Handing out a recovery code in shares: to files, or at the terminal, one after the other.

use std::fs::DirBuilder;
use std::io::{self, IsTerminal};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use keyward_vault::shares::{self, Share, Split};
use keyward_vault::{RecoveryCode, Secret, SystemEntropy};

use crate::error::Error;
use crate::vault::files;
use crate::{ask, output};

/// How many words stand in a row.
const ROW: usize = 5;

/// Clears the terminal and what can be scrolled back to.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// How often the person may type the word that is asked for.
const TRIES: usize = 3;

/// Splits the code and writes its shares to the folder or the files `out`, or shows each on a screen of its own.
///
/// # Errors
/// What the system said, that there is no terminal, or that a word was not typed back.
pub(super) fn hand_out(code: &RecoveryCode, split: Split, out: &[PathBuf]) -> Result<(), Error> {
    let shares = shares::split(code, split, &mut SystemEntropy)?;
    let files = match out {
        [] => return show(&shares, split),
        [folder] => in_folder(folder, split)?,
        files if files.len() == shares.len() => files.to_vec(),
        files => {
            return Err(Error::ShareFiles {
                found: files.len(),
                shares: split.count(),
            });
        }
    };
    write(&shares, split, &files)
}

/// Returns the files of the shares in a folder, which is made if it is not there.
fn in_folder(folder: &Path, split: Split) -> Result<Vec<PathBuf>, Error> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            let path = folder.to_path_buf();
            return Err(Error::File { path, source });
        }
        _ => {}
    }
    let count = split.count();
    let name = |number| folder.join(format!("share-{number}-of-{count}.txt"));
    Ok((1..=count).map(name).collect())
}

/// Writes all files or none.
fn write(shares: &[Share], split: Split, files: &[PathBuf]) -> Result<(), Error> {
    for path in files {
        files::refuse_existing(path)?;
    }
    for (index, (share, path)) in shares.iter().zip(files).enumerate() {
        let heading = format!("# {}. {}\n", title(share, split), rule(split));
        let words = share.format();
        let length = heading.len() + words.expose().len() + 1;
        let mut text = Secret::new(String::with_capacity(length));
        for part in [&heading, words.expose(), "\n"] {
            text.expose_mut().push_str(part);
        }
        if let Err(error) = files::create_private(path, text.expose().as_bytes()) {
            for written in files.iter().take(index) {
                // Shares of a code that opens nothing are of no use.
                let _ = std::fs::remove_file(written);
            }
            return Err(error);
        }
    }
    output::say("Give each file to another person, and remove it here: shred -u FILE\n");
    Ok(())
}

fn show(shares: &[Share], split: Split) -> Result<(), Error> {
    if !io::stdout().is_terminal() || !ask::has_terminal() {
        return Err(Error::NoScreen);
    }
    let shown = shares
        .iter()
        .try_for_each(|share| show_one(share, split, shares.len()));
    output::write(CLEAR.as_bytes())?;
    shown
}

/// Shows a share, and goes on when one of its words was typed back.
fn show_one(share: &Share, split: Split, count: usize) -> Result<(), Error> {
    let text = share.format();
    let words = || text.expose().split(' ');
    output::write(format!("{CLEAR}{}, shown this once:\n\n", title(share, split)).as_bytes())?;
    for (index, word) in words().enumerate() {
        let end = if (index + 1) % ROW == 0 { "\n" } else { "" };
        output::write(format!("  {:2} {word:8}{end}", index + 1).as_bytes())?;
    }
    let rule = rule(split);
    let advice = format!("\nWrite it on paper. {rule}\nGive the {count} to different people.\n");
    output::write(advice.as_bytes())?;
    // The words before are alike in all shares.
    let place = 5 + usize::from(share.number()) % 12;
    let wanted = words().nth(place).unwrap_or_default();
    for _ in 0..TRIES {
        let typed = ask::line(&format!("Type word {} of it: ", place + 1))?;
        if typed.trim().eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        output::say("That is not the word.\n");
    }
    Err(Error::CodeNotTypedBack)
}

fn title(share: &Share, split: Split) -> String {
    let (number, count) = (share.number(), split.count());
    format!("Share {number} of {count} of a recovery code of keyward")
}

fn rule(split: Split) -> String {
    let threshold = split.threshold();
    format!("Any {threshold} of them open the vault; fewer tell nothing.")
}
