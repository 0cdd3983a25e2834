//! `keyward backup paper`: a key on a page.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::ArgValueCandidates;
use keyward_vault::paper::Paper;
use keyward_vault::{Cost, NewSlot, Passphrase, RecordId, SystemEntropy};
use rustix::io::Errno;

use super::super::{completions, recovery};
use crate::error::Error;
use crate::paper::page::{Caption, check_label};
use crate::paper::{self, Format};
use crate::vault::arguments::{self, Arguments};
use crate::vault::open::Open;
use crate::vault::{create, files};
use crate::{environment, listing, output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward backup paper github --out github.pdf
  keyward backup paper github --format txt --out github.txt --new-passphrase-file secret
  keyward backup paper github hub --recovery --label \"in the safe\"

Each key is one A4 page: QR codes, the same in lines for typing, and how it comes back. It is sealed
under a passphrase that is asked for, or with --recovery under a recovery code that is shown once and
is not on the page. The page shows type and fingerprint of the key, not its name. Certificate and
notes are not on it; an RSA key of more than 4096 bits does not fit.

keyward import reads a page back, from a scan, a photograph or the typed lines.";

/// Describes it.
pub(super) fn describe() -> Command {
    let names = Arg::new("NAME")
        .help("The keys, a page for each")
        .required(true)
        .num_args(1..)
        .add(ArgValueCandidates::new(completions::key_names));
    let format = Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .help("What to write [default: what FILE ends in, or pdf]")
        .value_parser(PossibleValuesParser::new(["svg", "pdf", "txt"]));
    let label = Arg::new("label")
        .long("label")
        .value_name("TEXT")
        .help("Print TEXT on the page, for everybody to read");
    let command = Command::new("paper")
        .about("Write keys for paper, sealed, a page each")
        .arg(names)
        .arg(format)
        .arg(
            arguments::file(
                "out",
                "Write to FILE, or with several keys into the folder FILE [default: the fingerprint, in this folder]",
            )
            .short('o'),
        )
        .arg(label)
        .arg(arguments::file(
            "new-passphrase-file",
            "Read the passphrase for the paper from FILE (\"-\": standard input)",
        ))
        .arg(
            arguments::flag("recovery", "Seal under a recovery code, shown once, instead of a passphrase")
                .conflicts_with("new-passphrase-file"),
        )
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// What opens the pages.
enum Secret {
    Passphrase(Passphrase, Cost),
    /// One for each page.
    RecoveryCodes,
}

/// Opens the vault and writes the pages.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let label = matches.get_one::<String>("label").cloned();
    label.as_deref().map_or(Ok(()), check_label)?;
    let names = matches.get_many::<String>("NAME").into_iter().flatten();
    let names: Vec<&String> = names.collect();
    let out = matches.get_one::<PathBuf>("out").map(PathBuf::as_path);
    let format = format(matches, out)?;
    let open = Open::ask(&Arguments::read(matches)?)?;
    let mut pages = Vec::new();
    for name in names {
        let id = open.find(name)?;
        let path = path(out, format, &open, id, matches)?;
        files::refuse_existing(&path)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            // Before a code is shown that would be of no page.
            return Err(Error::File {
                path: folder.to_path_buf(),
                source: Errno::NOENT.into(),
            });
        }
        pages.push((id, path));
    }
    let secret = secret(matches)?;
    for (id, path) in pages {
        write(&open, id, &secret, (format, label.clone()), &path)?;
        output::say(&format!("Wrote {}.\n", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn secret(matches: &ArgMatches) -> Result<Secret, Error> {
    if matches.get_flag("recovery") {
        return Ok(Secret::RecoveryCodes);
    }
    let file = matches.get_one::<PathBuf>("new-passphrase-file");
    let vault = Arguments::read(matches)?;
    let chosen = strength::choose(file, "Passphrase for the paper: ", Some(&vault))?;
    let cost = create::calibrated(&chosen.passphrase)?;
    Ok(Secret::Passphrase(chosen.passphrase, cost))
}

fn format(matches: &ArgMatches, out: Option<&Path>) -> Result<Format, Error> {
    let named = matches.get_one::<String>("format").map(String::as_str);
    let ending = out
        .and_then(Path::extension)
        .and_then(|ending| ending.to_str());
    match named.or(ending.filter(|_| out.is_some_and(|out| !out.is_dir()))) {
        None => Ok(Format::Pdf),
        Some(name) => Format::of_name(name).ok_or_else(|| Error::PaperFormat(name.to_owned())),
    }
}

/// Returns where the page of a key goes. Its name says no more than the page does.
fn path(
    out: Option<&Path>,
    format: Format,
    open: &Open,
    id: RecordId,
    matches: &ArgMatches,
) -> Result<PathBuf, Error> {
    let count = matches
        .get_many::<String>("NAME")
        .map_or(0, Iterator::count);
    match out {
        Some(file) if count == 1 && !file.is_dir() => Ok(file.to_path_buf()),
        folder => {
            let fingerprint = open.listing(id)?.fingerprint;
            let (_, digest) = fingerprint.split_once(':').unwrap_or_default();
            let letters = digest.chars().filter(char::is_ascii_alphanumeric);
            let start: String = letters.take(12).collect();
            let name = format!("key-{start}.{}", format.name());
            Ok(folder.unwrap_or(Path::new("")).join(name))
        }
    }
}

fn write(
    open: &Open,
    id: RecordId,
    secret: &Secret,
    (format, label): (Format, Option<String>),
    path: &Path,
) -> Result<(), Error> {
    let code = create::recovery_code()?;
    let new = match secret {
        Secret::Passphrase(passphrase, cost) => NewSlot::Passphrase(passphrase, *cost),
        Secret::RecoveryCodes => NewSlot::RecoveryCode(&code),
    };
    let key = open.private(id)?;
    let record = open.vault().key(id);
    let record = record.ok_or(keyward_vault::Error::NoSuchKey(id))?;
    let sealed = Paper::seal(record, key.fields(), &new, &mut SystemEntropy)?;
    let listing = open.listing(id)?;
    let caption = Caption {
        key_type: format!("{} {}", listing.key_type, listing.bits),
        fingerprint: listing.fingerprint,
        date: today(),
        label,
    };
    let page = paper::write(format, &caption, &sealed)?;
    // The code comes before the page: one that nothing opens should not be kept.
    if matches!(secret, Secret::RecoveryCodes) {
        output::say(&format!("For {}:\n", path.display()));
        recovery::hand_out_whole(&code, None)?;
    }
    files::create_private(path, &page)
}

fn today() -> String {
    let time = listing::time(environment::timestamp().0).unwrap_or_default();
    time.split('T').next().unwrap_or_default().to_owned()
}
