//! `keyward edit`: what is said of a key, and what its uses are bound to.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use keyward_vault::import;

use crate::destination;
use crate::error::Error;
use crate::output;
use crate::start::lifetime;
use crate::vault::arguments::{self, Arguments};
use crate::vault::files;
use crate::vault::{open::Open, saving};

const EXAMPLES: &str = "\
Examples:
  keyward edit github --comment me@example.org --notes 'personal account'
  keyward edit prod --confirm --lifetime 8h
  keyward edit deploy --destination git@github.com --destination 'bastion>deploy@web'
  keyward edit work --certificate ~/.ssh/work-cert.pub
  keyward edit prod --no-confirm --no-lifetime --no-destinations

Destinations are written as for ssh-add -h; their host keys are looked up in known_hosts at each
unlock. A key whose destinations have no known host keys is not served.";

/// Each part that can be changed, and that can be taken away.
const PARTS: [&str; 10] = [
    "comment",
    "certificate",
    "no-certificate",
    "confirm",
    "no-confirm",
    "lifetime",
    "no-lifetime",
    "destination",
    "no-destinations",
    "notes",
];

/// Describes it.
pub(super) fn describe() -> Command {
    let command = Command::new("edit")
        .about("Change what is said of a key, and where it may be used")
        .arg(super::name("The key"));
    let command = with_parts(command)
        .group(
            ArgGroup::new("parts")
                .args(PARTS)
                .multiple(true)
                .required(true),
        )
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

fn with_parts(command: Command) -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    command
        .arg(text("comment", "TEXT", "The comment of its public line"))
        .arg(text(
            "notes",
            "TEXT",
            "Notes; an empty text takes them away",
        ))
        .arg(arguments::file(
            "certificate",
            "Its certificate, a file such as id-cert.pub",
        ))
        .arg(
            arguments::flag("no-certificate", "Take the certificate away")
                .conflicts_with("certificate"),
        )
        .arg(arguments::flag("confirm", "Ask before each use"))
        .arg(arguments::flag("no-confirm", "Do not ask before each use").conflicts_with("confirm"))
        .arg(text(
            "lifetime",
            "TIME",
            "How long it is served after an unlock, such as 8h",
        ))
        .arg(
            arguments::flag("no-lifetime", "Serve it until the vault is locked")
                .conflicts_with("lifetime"),
        )
        .arg(
            text(
                "destination",
                "DEST",
                "A host it may be used for, [FROM>][USER@]HOST; can be repeated",
            )
            .action(ArgAction::Append),
        )
        .arg(
            arguments::flag("no-destinations", "Let it be used anywhere")
                .conflicts_with("destination"),
        )
}

/// Changes the key and saves the vault.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let change = Change::read(matches)?;
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    let id = open.find(&super::name_of(matches))?;
    if let Some((path, certificate)) = &change.certificate {
        open.fits(id, certificate.public_key().blob(), path)?;
    }
    let confirms = change.confirm == Some(true);
    open.update(id, |key| {
        if let Some(comment) = change.comment {
            key.comment = comment.into_bytes();
        }
        if let Some(notes) = change.notes {
            key.notes = notes;
        }
        if let Some(confirm) = change.confirm {
            key.confirm = confirm;
        }
        if let Some(lifetime) = change.lifetime {
            key.lifetime_seconds = lifetime;
        }
        if let Some(destinations) = change.destinations {
            key.destinations = destinations;
        }
        if change.drop_certificate {
            key.certificate = Vec::new();
        } else if let Some((_, certificate)) = change.certificate {
            key.certificate = certificate.blob().to_vec();
        }
    })?;
    saving::save(&mut open)?;
    if confirms {
        output::say(
            "Each use is asked about by the agent's askpass program (SSH_ASKPASS); where it has none, or no display, the use is refused.\n",
        );
    }
    if matches.get_flag("json") {
        return super::print_json(&open.listing(id)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// What is to be changed; nothing of what is `None`.
#[derive(Debug, Default)]
struct Change {
    comment: Option<String>,
    notes: Option<String>,
    certificate: Option<(PathBuf, import::Certificate)>,
    drop_certificate: bool,
    confirm: Option<bool>,
    /// In seconds; inside, none.
    lifetime: Option<Option<NonZeroU32>>,
    destinations: Option<Vec<String>>,
}

impl Change {
    fn read(matches: &ArgMatches) -> Result<Self, Error> {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        let mut change = Self {
            comment: text("comment"),
            notes: text("notes"),
            drop_certificate: matches.get_flag("no-certificate"),
            ..Self::default()
        };
        if let Some(path) = matches.get_one::<PathBuf>("certificate") {
            let certificate = import::certificate(&files::read(path)?)?;
            change.certificate = Some((path.clone(), certificate));
        }
        if matches.get_flag("confirm") || matches.get_flag("no-confirm") {
            change.confirm = Some(matches.get_flag("confirm"));
        }
        if let Some(text) = text("lifetime") {
            change.lifetime = Some(Some(seconds(&text)?));
        } else if matches.get_flag("no-lifetime") {
            change.lifetime = Some(None);
        }
        let given = matches.get_many::<String>("destination");
        if let Some(destinations) = given {
            let destinations: Vec<String> = destinations.cloned().collect();
            for destination in &destinations {
                destination::check(destination)?;
            }
            change.destinations = Some(destinations);
        } else if matches.get_flag("no-destinations") {
            change.destinations = Some(Vec::new());
        }
        Ok(change)
    }
}

/// Reads a lifetime as `ssh-add -t` does.
fn seconds(text: &str) -> Result<NonZeroU32, Error> {
    lifetime::parse(text)
        .flatten()
        .and_then(|lifetime| u32::try_from(lifetime.as_secs()).ok())
        .and_then(NonZeroU32::new)
        .ok_or_else(|| Error::Lifetime(text.to_owned()))
}
