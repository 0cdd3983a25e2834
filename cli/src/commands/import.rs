//! `keyward import`: key files into the vault.

mod candidates;
mod papers;
mod passphrases;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use keyward_vault::PrivateKey;
use keyward_vault::import::{self, Imported};
use keyward_vault::paper::Paper;

use self::candidates::Candidate;
use self::passphrases::Passphrases;
use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::files;
use crate::vault::{open::Open, saving};
use crate::{hint, output};

const EXAMPLES: &str = "\
Examples:
  keyward import ~/.ssh
  keyward import id_rsa --name work --key-passphrase-file secret
  keyward import old.ppk server.pem
  keyward import scan.png

It reads OpenSSH, PKCS #1, SEC 1, PKCS #8 and PEM files, and PuTTY's PPK, encrypted or not, and
certificates beside them; and pages of keyward backup paper: pictures (PNG, JPEG) of their QR codes, or
their lines typed into a file. Each file is reported in a line; the exit status is 1 if any failed, and
the others are imported all the same. The files stay as they are.";

/// Describes it.
pub(super) fn describe() -> Command {
    let paths = Arg::new("PATH")
        .help("Key files, or folders with key files")
        .required(true)
        .num_args(1..)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::AnyPath);
    let name = Arg::new("name")
        .long("name")
        .value_name("NAME")
        .help("What to call the key [default: the file's name]");
    let command = Command::new("import")
        .about("Take key files into the vault")
        .arg(paths)
        .arg(name)
        .arg(arguments::file(
            "key-passphrase-file",
            "Read the passphrase of the key files, or the recovery code of a page, from FILE (\"-\": standard input)",
        ))
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Imports each file, saves the vault once, and then reports each: what is not saved was not imported.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let paths = matches.get_many::<PathBuf>("PATH").into_iter().flatten();
    let mut report = Report::default();
    let mut failed = |path: &Path, error| report.lines.push((path.to_path_buf(), Err(error)));
    let candidates = candidates::find(paths, &mut failed);
    let (candidates, papers) = papers::sift(candidates, &mut failed);
    let file = matches.get_one::<PathBuf>("key-passphrase-file").cloned();
    let mut passphrases = Passphrases::new(file);
    let name = matches.get_one::<String>("name");
    if name.is_some() && candidates.len() + papers.len() > 1 {
        return Err(Error::NameForMany);
    }
    if !candidates.is_empty() || !papers.is_empty() {
        let mut open = Open::ask(&Arguments::read(matches)?)?;
        for candidate in candidates {
            let taken = take(&mut open, &candidate, name, &mut passphrases);
            report.add(candidate.path, taken)?;
        }
        for (path, paper) in papers {
            let taken = take_paper(&mut open, &path, &paper, name, &mut passphrases);
            report.add(path, taken)?;
        }
        saving::save(&mut open)?;
    }
    Ok(report.print())
}

/// What became of a file.
#[derive(Debug)]
enum Taken {
    /// A new key, under this name.
    Added { name: String, fingerprint: String },
    /// The vault has the key already, under this name.
    Known { name: String, certificate: bool },
    /// A new key from paper, which is to be kept.
    FromPaper { name: String, fingerprint: String },
}

impl Taken {
    const fn has_changed(&self) -> bool {
        matches!(
            self,
            Self::Added { .. }
                | Self::Known {
                    certificate: true,
                    ..
                }
        )
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { name, fingerprint } | Self::FromPaper { name, fingerprint } => {
                write!(f, "imported as {name} ({fingerprint})")
            }
            Self::Known { name, certificate } => {
                write!(f, "already there as {name}")?;
                f.write_str(match certificate {
                    true => "; took its certificate",
                    false => "",
                })
            }
        }
    }
}

fn take(
    open: &mut Open,
    candidate: &Candidate,
    name: Option<&String>,
    passphrases: &mut Passphrases,
) -> Result<Taken, Error> {
    let bytes = files::read(&candidate.path)?;
    let found = import::recognise(&bytes)?;
    let imported = passphrases.open(&candidate.path, &found)?;
    let Imported {
        key,
        comment,
        certificate: with_it,
    } = imported;
    open.check(&key)?;
    let certificate = candidate.certificate(&key)?.or(with_it);
    let comment = match comment.is_empty() {
        true => candidate.comment(&key).unwrap_or_default(),
        false => comment,
    };
    if let Some(id) = open.find_key(&key) {
        let added = match certificate {
            Some(certificate) => open.add_certificate(id, certificate)?,
            None => false,
        };
        return Ok(Taken::Known {
            name: open.listing(id)?.name,
            certificate: added,
        });
    }
    let name = match name {
        Some(name) => {
            open.free_name(name)?;
            name.clone()
        }
        None => open.name_like(&candidate.stem()),
    };
    let id = open.insert(&name, key, &comment, certificate)?;
    let fingerprint = open.listing(id)?.fingerprint;
    Ok(Taken::Added { name, fingerprint })
}

/// Takes a key on paper, with what limits its use.
fn take_paper(
    open: &mut Open,
    path: &Path,
    paper: &Paper,
    name: Option<&String>,
    passphrases: &mut Passphrases,
) -> Result<Taken, Error> {
    open.allow(paper.cost())?;
    let opened = passphrases.open_paper(path, paper)?;
    let key = PrivateKey::from_fields(opened.private)?;
    open.check(&key)?;
    if let Some(id) = open.find_key(&key) {
        return Ok(Taken::Known {
            name: open.listing(id)?.name,
            certificate: false,
        });
    }
    let kept = opened.record.metadata();
    let name = match name {
        Some(name) => {
            open.free_name(name)?;
            name.clone()
        }
        None => open.name_like(&kept.name),
    };
    let id = open.insert(&name, key, &kept.comment, None)?;
    open.update(id, |key| {
        key.confirm = kept.confirm;
        key.lifetime_seconds = kept.lifetime_seconds;
        key.destinations.clone_from(&kept.destinations);
    })?;
    let fingerprint = open.listing(id)?.fingerprint;
    Ok(Taken::FromPaper { name, fingerprint })
}

/// What became of each file.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<(PathBuf, Result<Taken, Error>)>,
}

impl Report {
    /// Notes what became of a file, unless the person wants to stop.
    fn add(&mut self, path: PathBuf, taken: Result<Taken, Error>) -> Result<(), Error> {
        match taken {
            Err(error) if error.is_interrupt() => {
                output::say("Nothing was imported.\n");
                Err(error)
            }
            taken => {
                self.lines.push((path, taken));
                Ok(())
            }
        }
    }

    /// Prints a line for each file, and returns what the program exits with.
    fn print(&self) -> ExitCode {
        let mut code = ExitCode::SUCCESS;
        let mut has_changed = false;
        for (path, taken) in &self.lines {
            match taken {
                Ok(taken) => {
                    has_changed |= taken.has_changed();
                    // A reader that went away is none.
                    let _ = output::write(format!("{}: {taken}\n", output::shown(path)).as_bytes());
                }
                Err(error) => {
                    code = ExitCode::FAILURE;
                    hint::report_of(path, error);
                }
            }
        }
        if has_changed {
            output::say(
                "The files are still there. When every key works from the vault, remove them: shred -u FILE\n",
            );
        }
        code
    }
}
