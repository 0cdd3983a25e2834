//! `keyward generate`: a new key inside the vault.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use keyward_agent::key::generate::{self, Kind};
use keyward_agent::protocol::algorithm::Curve;
use keyward_vault::key::PrivateKey;

use crate::error::Error;
use crate::vault::arguments::{self, Arguments};
use crate::vault::{open::Open, saving};
use crate::{environment, output};

const EXAMPLES: &str = "\
Examples:
  keyward generate github
  keyward generate work --type ecdsa-p384 --comment me@work
  keyward generate ci --json | jq -r .public

The private key is made inside the vault and never lies in a file. The public line is what goes into
authorized_keys or a forge's settings; keyward public NAME prints it again.";

/// What can be made, by the word for it.
const KINDS: [(&str, Kind); 6] = [
    ("ed25519", Kind::Ed25519),
    ("ecdsa-p256", Kind::Ecdsa(Curve::P256)),
    ("ecdsa-p384", Kind::Ecdsa(Curve::P384)),
    ("ecdsa-p521", Kind::Ecdsa(Curve::P521)),
    ("rsa-3072", Kind::Rsa(3072)),
    ("rsa-4096", Kind::Rsa(4096)),
];

/// Describes it.
pub(super) fn describe() -> Command {
    let kind = Arg::new("type")
        .long("type")
        .short('t')
        .value_name("TYPE")
        .help("What kind of key")
        .default_value("ed25519")
        .value_parser(PossibleValuesParser::new(KINDS.map(|(word, _)| word)));
    let comment = Arg::new("comment")
        .long("comment")
        .short('C')
        .value_name("TEXT")
        .help("The comment of the public line [default: user@host]");
    let command = Command::new("generate")
        .about("Make a new key inside the vault")
        .arg(Arg::new("NAME").help("What to call it").required(true))
        .arg(kind)
        .arg(comment)
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Makes the key, saves the vault and prints the public part.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let name = super::name_of(matches);
    let word = matches.get_one::<String>("type").map(String::as_str);
    let kind = KINDS.iter().find(|(known, _)| Some(*known) == word);
    let kind = kind.map_or(Kind::Ed25519, |(_, kind)| *kind);
    let comment = matches
        .get_one::<String>("comment")
        .cloned()
        .unwrap_or_else(environment::user_at_host);
    let mut open = Open::ask(&Arguments::read(matches)?)?;
    open.free_name(&name)?;
    let key = PrivateKey::from_fields(generate::generate(kind)?)?;
    let id = open.insert(&name, key, comment.as_bytes(), None)?;
    saving::save(&mut open)?;
    let key = open.listing(id)?;
    if matches.get_flag("json") {
        return super::print_json(&key);
    }
    let text = format!(
        "{} {}\n{}\n{}\n",
        key.fingerprint,
        name,
        open.randomart(id)?,
        key.public
    );
    output::write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
