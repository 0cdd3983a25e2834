//! Splits arguments into flags as POSIX `getopt` does: bundles, joined values, `--`.
//!
//! Like the `getopt` OpenSSH uses, it stops at the first argument that is no flag.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use thiserror::Error;

/// One flag and its value, which is empty for flags that take none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag<'a> {
    /// The letter; of a long flag the one that stands for it.
    pub(super) letter: char,
    pub(super) value: &'a OsStr,
}

/// Says why an argument is no flag of ours.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum GetoptError {
    #[error("option requires an argument -- {0}")]
    MissingValue(char),
    #[error("option --{0} requires an argument")]
    MissingLongValue(&'static str),
    #[error("unknown option -- {letter}")]
    Unknown {
        letter: char,
        /// The whole argument, with its bundle.
        argument: OsString,
    },
}

/// Goes through the flags at the start of the arguments.
pub(super) struct Getopt<'a> {
    plain: &'static str,
    valued: &'static str,
    long: &'static [(&'static str, char)],
    current: &'a OsStr,
    bundle: &'a [u8],
    rest: &'a [OsString],
}

impl<'a> Getopt<'a> {
    /// Starts at the first argument; `plain` are the flags without a value, `valued` those with.
    pub(super) fn new(
        arguments: &'a [OsString],
        plain: &'static str,
        valued: &'static str,
    ) -> Self {
        Self {
            plain,
            valued,
            long: &[],
            current: OsStr::new(""),
            bundle: &[],
            rest: arguments,
        }
    }

    /// Takes these long flags too, which have a value; each with a letter that is no flag.
    pub(super) const fn with_long(mut self, long: &'static [(&'static str, char)]) -> Self {
        self.long = long;
        self
    }

    /// Takes the next flag, or none at the first argument that is none.
    pub(super) fn next(&mut self) -> Result<Option<Flag<'a>>, GetoptError> {
        if self.bundle.is_empty()
            && let Some(flag) = self.long()?
        {
            return Ok(Some(flag));
        }
        if self.bundle.is_empty() && !self.open_bundle() {
            return Ok(None);
        }
        let Some((byte, tail)) = self.bundle.split_first() else {
            return Ok(None);
        };
        let letter = char::from(*byte);
        self.bundle = tail;
        if self.valued.contains(letter) {
            let value = self.value().ok_or(GetoptError::MissingValue(letter))?;
            Ok(Some(Flag { letter, value }))
        } else if self.plain.contains(letter) {
            let value = OsStr::new("");
            Ok(Some(Flag { letter, value }))
        } else {
            let argument = self.current.to_owned();
            Err(GetoptError::Unknown { letter, argument })
        }
    }

    /// Returns the arguments after the flags.
    pub(super) const fn rest(&self) -> &'a [OsString] {
        self.rest
    }

    fn open_bundle(&mut self) -> bool {
        let Some((first, tail)) = self.rest.split_first() else {
            return false;
        };
        match first.as_bytes() {
            [b'-', b'-'] => {
                self.rest = tail;
                false
            }
            [b'-', bundle @ ..] if !bundle.is_empty() => {
                self.current = first;
                self.bundle = bundle;
                self.rest = tail;
                true
            }
            _ => false,
        }
    }

    /// Takes `--NAME VALUE` or `--NAME=VALUE`.
    fn long(&mut self) -> Result<Option<Flag<'a>>, GetoptError> {
        let Some((first, tail)) = self.rest.split_first() else {
            return Ok(None);
        };
        let named = self.long.iter().find_map(|(name, letter)| {
            let text = first.as_bytes().strip_prefix(b"--")?;
            let joined = text.strip_prefix(name.as_bytes())?;
            (joined.is_empty() || joined.starts_with(b"=")).then_some((name, *letter, joined))
        });
        let Some((name, letter, joined)) = named else {
            return Ok(None);
        };
        self.rest = tail;
        if let Some(value) = joined.strip_prefix(b"=") {
            let value = OsStr::from_bytes(value);
            return Ok(Some(Flag { letter, value }));
        }
        let value = self.value().ok_or(GetoptError::MissingLongValue(name))?;
        Ok(Some(Flag { letter, value }))
    }

    fn value(&mut self) -> Option<&'a OsStr> {
        if !self.bundle.is_empty() {
            let value = OsStr::from_bytes(self.bundle);
            self.bundle = &[];
            return Some(value);
        }
        let (value, tail) = self.rest.split_first()?;
        self.rest = tail;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(arguments: &[&str]) -> Result<(Vec<(char, String)>, usize), GetoptError> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let mut getopt = Getopt::new(&arguments, "cD", "t");
        let mut flags = Vec::new();
        while let Some(flag) = getopt.next()? {
            flags.push((flag.letter, flag.value.to_str().unwrap().to_owned()));
        }
        Ok((flags, getopt.rest().len()))
    }

    fn flag(letter: char, value: &str) -> (char, String) {
        (letter, value.to_owned())
    }

    #[test]
    fn splits_bundles() {
        let (flags, rest) = split(&["-cD", "-Dt5"]).unwrap();
        assert_eq!(
            flags,
            [flag('c', ""), flag('D', ""), flag('D', ""), flag('t', "5")]
        );
        assert_eq!(rest, 0);
    }

    #[test]
    fn takes_the_next_argument_as_value_even_when_it_looks_like_a_flag() {
        assert_eq!(split(&["-t", "-c"]).unwrap(), (vec![flag('t', "-c")], 0));
        assert_eq!(split(&["-t", ""]).unwrap(), (vec![flag('t', "")], 0));
    }

    #[test]
    fn stops_at_the_first_argument_that_is_no_flag() {
        assert_eq!(
            split(&["-c", "ls", "-D"]).unwrap(),
            (vec![flag('c', "")], 2)
        );
        assert_eq!(split(&["-", "-D"]).unwrap(), (vec![], 2));
    }

    #[test]
    fn stops_after_two_hyphens() {
        assert_eq!(
            split(&["-c", "--", "-D"]).unwrap(),
            (vec![flag('c', "")], 1)
        );
    }

    #[test]
    fn refuses_a_missing_value() {
        assert_eq!(split(&["-ct"]), Err(GetoptError::MissingValue('t')));
    }

    #[test]
    fn takes_long_flags_joined_or_not() {
        let split = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let mut getopt = Getopt::new(&arguments, "cD", "t").with_long(&[("idle", 'I')]);
            let mut flags = Vec::new();
            while let Some(flag) = getopt.next()? {
                flags.push((flag.letter, flag.value.to_str().unwrap().to_owned()));
            }
            Ok((flags, getopt.rest().len()))
        };
        let (flags, rest) =
            split(&["-c", "--idle", "5", "--idle=-6", "-D", "x", "--idle"]).unwrap();
        assert_eq!(
            flags,
            [
                flag('c', ""),
                flag('I', "5"),
                flag('I', "-6"),
                flag('D', "")
            ]
        );
        assert_eq!(rest, 2);
        assert_eq!(split(&["--idle="]).unwrap().0, [flag('I', "")]);
        assert_eq!(split(&["--", "--idle"]).unwrap(), (vec![], 1));
        assert_eq!(split(&["-t", "--idle"]).unwrap().0, [flag('t', "--idle")]);
        assert_eq!(
            split(&["--idle"]),
            Err(GetoptError::MissingLongValue("idle"))
        );
        for unknown in ["--idles", "--idl", "-I", "-cidle"] {
            assert!(split(&[unknown]).is_err(), "{unknown}");
        }
    }

    #[test]
    fn refuses_unknown_flags() {
        for (argument, letter) in [("-cx", 'x'), ("--help", '-'), ("-:", ':')] {
            let argument_text = OsString::from(argument);
            let expected = GetoptError::Unknown {
                letter,
                argument: argument_text,
            };
            assert_eq!(split(&[argument]), Err(expected));
        }
    }
}
