//! `keyward export`: a key as a file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use keyward_vault::export::{self, ExportError};
use keyward_vault::passphrase::PassphraseError;
use keyward_vault::{Entropy, Secret, SystemEntropy};

use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::files;
use crate::vault::open::Open;
use crate::{ask, output, strength};

const EXAMPLES: &str = "\
Examples:
  keyward export github --out ~/.ssh/id_github
  keyward export windows --format ppk --out windows.ppk
  keyward export ci --out key.pem --format pkcs8 --new-passphrase-file secret

The file is encrypted under a passphrase that is asked for, mode 0600; the public line lies beside
it in FILE.pub, mode 0644. Files that are there already are not overwritten.";

/// Rounds of bcrypt for OpenSSH files: about half a second, four times what `ssh-keygen` takes.
const ROUNDS: u32 = 64;

/// Describes it.
pub(super) fn describe() -> Command {
    let format = Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .help("What kind of file")
        .default_value("openssh")
        .value_parser(PossibleValuesParser::new(["openssh", "pkcs8", "ppk"]));
    let command = Command::new("export")
        .about("Write a key to a file, encrypted")
        .arg(super::name("The key"))
        .arg(
            arguments::file("out", "Write to FILE")
                .short('o')
                .required(true),
        )
        .arg(format)
        .arg(arguments::file(
            "new-passphrase-file",
            "Read the passphrase for the file from FILE (\"-\": standard input)",
        ))
        .arg(
            arguments::flag(
                "plaintext",
                "Do not encrypt the file; the key's name has to be typed",
            )
            .conflicts_with("new-passphrase-file"),
        )
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Opens the vault and writes the files.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let name = super::name_of(matches);
    let out = matches
        .get_one::<PathBuf>("out")
        .cloned()
        .unwrap_or_default();
    let public_out = beside(&out);
    files::refuse_existing(&out)?;
    files::refuse_existing(&public_out)?;
    let open = Open::ask(&Arguments::read(matches)?)?;
    let id = open.find(&name)?;
    let passphrase = passphrase(matches, &name)?;
    let passphrase = passphrase.as_ref().map(|secret| secret.expose().as_slice());
    let key = open.private(id)?;
    let listing = open.listing(id)?;
    let random = &mut |bytes: &mut [u8]| {
        let filled = SystemEntropy.fill(bytes);
        filled.map_err(|_| ExportError::Randomness)
    };
    let comment = listing.comment.as_bytes();
    let written = match matches.get_one::<String>("format").map(String::as_str) {
        Some("pkcs8") => export::pkcs8(&key, passphrase, random),
        Some("ppk") => export::ppk(&key, comment, passphrase, random),
        _ => export::openssh(&key, comment, passphrase, ROUNDS, random),
    }?;
    files::create_private(&out, written.expose())?;
    files::create_public(&public_out, format!("{}\n", listing.public).as_bytes())?;
    output::say(&format!(
        "Wrote {} and {}.\n",
        out.display(),
        public_out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Returns the passphrase for the file; `None` for one in the clear, which the person has to mean.
fn passphrase(matches: &ArgMatches, name: &str) -> Result<Option<Secret<Vec<u8>>>, Error> {
    if matches.get_flag("plaintext") {
        let typed = ask::line(
            "The file will hold the private key in the clear. Type the key's name to go on: ",
        )?;
        return match typed.trim() == name {
            true => Ok(None),
            false => Err(Error::NameNotTyped),
        };
    }
    let file = matches.get_one::<PathBuf>("new-passphrase-file");
    let vault = Arguments::read(matches)?;
    match strength::choose(file, "Passphrase for the file: ", Some(&vault)) {
        Err(Error::IsNoPassphrase(PassphraseError::Empty)) => Err(Error::EmptyPassphrase),
        chosen => Ok(Some(chosen?.typed)),
    }
}

/// Returns the path of the public line: that of the file and `.pub`.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".pub");
    PathBuf::from(name)
}
