//! `keyward backup create`: a copy on this machine.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::error::Error;
use crate::output;
use crate::vault::arguments::{self, Arguments};
use crate::vault::backup::folder::{self, Kept};
use crate::vault::backup::notes::Notes;
use crate::vault::{files, open};

const EXAMPLES: &str = "\
Examples:
  keyward backup create /media/stick             a new file in a folder
  keyward backup create /media/stick --keep 10   and all but the newest ten removed
  keyward backup create vault.copy               a file, which must not exist

It asks for nothing. The copy has mode 0600, and is read back and compared before it has its name.";

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("create")
        .about("Copy the vault to a file or folder")
        .arg(super::path("DEST", "A folder, or a file that does not exist").required(true))
        .arg(super::keep())
        .after_help(EXAMPLES);
    arguments::with_path(command)
}

/// Copies the vault, and notes where.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let arguments = Arguments::read(matches)?;
    let dest = matches
        .get_one::<PathBuf>("DEST")
        .cloned()
        .unwrap_or_default();
    let (_, sealed) = open::read(&arguments)?;
    // One whose header is damaged would be copied with the damage.
    if sealed.warning().is_some() {
        output::say(
            "note: mend the vault first, for a copy without the damage: keyward fsck --repair\n",
        );
    }
    let kept = match dest.is_dir() {
        true => folder::write_into(&dest, &sealed, super::kept(matches))?,
        false if super::kept(matches).is_some() => {
            return Err(Error::KeepInFile { path: dest });
        }
        false => {
            files::refuse_existing(&dest)?;
            folder::write_file(&dest, sealed.bytes())?
        }
    };
    let dest = std::path::absolute(&dest).unwrap_or(dest);
    Notes::note_copy(
        &sealed,
        dest.display().to_string(),
        kept.path.display().to_string(),
    );
    say(&kept, sealed.generation());
    if is_same_disk(&kept.path, &arguments.path) {
        output::say("note: it is on the disk that the vault is on, and goes when that does\n");
    }
    Ok(ExitCode::SUCCESS)
}

fn say(kept: &Kept, generation: u64) {
    let path = output::shown(&kept.path);
    output::say(&match kept.was_there {
        true => format!("Generation {generation} is there already, and whole: {path}\n"),
        false => format!("Copied generation {generation} to {path}\n"),
    });
    for old in &kept.removed {
        output::say(&format!("Removed {}\n", output::shown(old)));
    }
}

fn is_same_disk(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| path.metadata().map(|found| found.dev()).ok();
    device(one).is_some_and(|one| device(other) == Some(one))
}
