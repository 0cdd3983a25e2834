//! `keyward health`: what is wrong with the keys on this machine.

use core::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, ValueHint, value_parser};
use keyward_agent::front::escape::Escaped;

use crate::error::Error;
use crate::health::{Finding, Kind, Level, Review};
use crate::vault::arguments::{self, Arguments};
use crate::{environment, output};

const EXAMPLES: &str = "\
Examples:
  keyward health
  keyward health ~/.ssh ~/keys old.pem
  keyward health --json | jq -r '.findings[] | select(.level == \"wrong\") | .fix'

It looks at ~/.ssh, or at the files and folders that are named, and at the vault: at the keys in it
while the agent has it open, or with its passphrase. Nothing is changed. The exit status is 1 when
something is to be mended.

JSON: {findings: [{level, code, kind, subject, message, fix}], not_checked: [{subject, message}], files,
keys}. A level is wrong or note, a kind file, folder, key or vault; codes are unencrypted,
legacy-encryption, cheap-derivation, weak-key, old-key, unused, duplicate, certificate-ends, file-mode,
folder-mode, owner, backup, no-recovery and vault.";

const RED: &str = "\x1b[31m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// Describes it.
pub(super) fn describe() -> Command {
    let paths = Arg::new("PATH")
        .help("Files and folders to look at [default: ~/.ssh]")
        .num_args(0..)
        .value_parser(value_parser!(PathBuf))
        .value_hint(ValueHint::AnyPath);
    let command = Command::new("health")
        .about("Review key files and the vault")
        .arg(paths)
        .arg(arguments::json())
        .after_help(EXAMPLES);
    arguments::with_secret(command)
}

/// Looks, and prints what there is to say.
pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode, Error> {
    let paths = matches.get_many::<PathBuf>("PATH").into_iter().flatten();
    let paths: Vec<PathBuf> = paths.cloned().collect();
    let review = Review::of(&paths, &Arguments::read(matches)?)?;
    if matches.get_flag("json") {
        super::print_json(&review)?;
    } else {
        let colours = environment::wants_colours(&io::stdout());
        output::write(report(&review, colours).as_bytes())?;
    }
    Ok(match review.is_wrong() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// Writes the findings for a person, those about one thing together.
fn report(review: &Review, colours: bool) -> String {
    let painted = |colour: &str, text: &str| match colours {
        true => format!("{colour}{text}{PLAIN}"),
        false => text.to_owned(),
    };
    let mut text = String::new();
    let mut before: Option<&Finding> = None;
    for finding in &review.findings {
        let is_same = before.is_some_and(|before| {
            (before.kind, &before.subject) == (finding.kind, &finding.subject)
        });
        if !is_same {
            let title = title(finding);
            // Writing to a string does not fail.
            let _ = writeln!(text, "{}", painted(BOLD, &title));
        }
        let level = match finding.level {
            Level::Wrong => painted(RED, "wrong"),
            Level::Note => "note".to_owned(),
        };
        let message = Escaped::new(finding.message.as_bytes());
        let _ = writeln!(text, "  {level}, {}: {message}", finding.code);
        let _ = writeln!(text, "    {}", Escaped::new(finding.fix.as_bytes()));
        before = Some(finding);
    }
    for open in &review.not_checked {
        let subject = Escaped::new(open.subject.as_bytes()).to_string();
        let message = Escaped::new(open.message.as_bytes());
        let _ = writeln!(text, "not checked: {subject}: {message}");
    }
    text.push_str(&summary(review));
    text
}

fn title(finding: &Finding) -> String {
    let subject = Escaped::new(finding.subject.as_bytes()).to_string();
    match finding.kind {
        Kind::Key => format!("{subject}, in the vault"),
        _ => subject,
    }
}

fn summary(review: &Review) -> String {
    let of = |level| {
        let findings = review.findings.iter();
        findings.filter(|finding| finding.level == level).count()
    };
    let looked = format!(
        "key files looked at: {}, keys of the vault: {}",
        review.files, review.keys
    );
    match of(Level::Wrong) {
        0 => format!("Nothing is wrong. Notes: {}; {looked}.\n", of(Level::Note)),
        wrong => format!("Wrong: {wrong}, notes: {}; {looked}.\n", of(Level::Note)),
    }
}
