//! What is to be said of a passphrase. Nothing here shows any of it.

use core::fmt;

/// A reason to refuse a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It has fewer characters than [`super::LENGTH_MIN`].
    TooShort {
        /// How many it has.
        length: usize,
    },
    /// It is one word, an inflected or compound one too, or one with something done to it.
    SingleWord,
    /// It is made of names that others know.
    Personal,
    /// It is made of what attackers try first: common passwords, dates, repetitions, rows of keys.
    Guessable,
    /// It is the password of the account.
    LoginPassword,
    /// It has characters that PRECIS disallows: unassigned, or never seen.
    Disallowed,
}

/// Something that could be better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// It is shorter than [`super::LENGTH_GOOD`].
    Short,
    /// The estimate is lower than [`super::BITS_GOOD`].
    Fair,
    /// It has characters that lie elsewhere on other keyboards.
    Layout {
        /// How many.
        count: usize,
    },
    /// It has characters that not every keyboard has.
    NotAscii {
        /// How many.
        count: usize,
    },
    /// It begins or ends with a space.
    OuterSpace,
    /// It has letters only.
    LettersOnly,
    /// It opens another key or vault too.
    UsedElsewhere,
}

/// Something that nobody looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotChecked {
    /// Whether it is the password of the account.
    LoginPassword,
    /// Whether it opens another key or vault.
    UsedElsewhere,
    /// Whether it is among the passwords that were stolen somewhere.
    Leaked,
}

impl Reason {
    /// Returns its word for programs, which stays the same.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too-short",
            Self::SingleWord => "single-word",
            Self::Personal => "personal",
            Self::Guessable => "guessable",
            Self::LoginPassword => "login-password",
            Self::Disallowed => "disallowed",
        }
    }
}

impl Warning {
    /// Returns its word for programs, which stays the same.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Fair => "fair",
            Self::Layout { .. } => "layout",
            Self::NotAscii { .. } => "not-ascii",
            Self::OuterSpace => "outer-space",
            Self::LettersOnly => "letters-only",
            Self::UsedElsewhere => "used-elsewhere",
        }
    }
}

impl NotChecked {
    /// Returns its word for programs, which stays the same.
    pub const fn code(self) -> &'static str {
        match self {
            Self::LoginPassword => "login-password",
            Self::UsedElsewhere => "used-elsewhere",
            Self::Leaked => "leaked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { length } => {
                let least = super::LENGTH_MIN;
                write!(f, "it has {length} characters; at least {least} are needed")
            }
            Self::SingleWord => f.write_str("it is a single word, or reads like one"),
            Self::Personal => f.write_str("it is made of names and addresses that others know"),
            Self::Guessable => f.write_str("it is made of what attackers try first"),
            Self::LoginPassword => f.write_str("it is the password of your account"),
            Self::Disallowed => f.write_str(
                "it has characters that are never seen, or unknown to Unicode: other keyboards leave them out",
            ),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "{} characters or more are better", super::LENGTH_GOOD),
            Self::Fair => f.write_str("another word would make it good"),
            Self::Layout { count } => {
                write!(f, "characters that move between keyboard layouts: {count}")
            }
            Self::NotAscii { count } => {
                write!(f, "characters that not every keyboard has: {count}")
            }
            Self::OuterSpace => f.write_str("it begins or ends with a space, which is easily lost"),
            Self::LettersOnly => f.write_str("a digit or a sign somewhere would not hurt"),
            Self::UsedElsewhere => f.write_str("it opens another key or vault too"),
        }
    }
}

impl fmt::Display for NotChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoginPassword => "whether it is the password of your account",
            Self::UsedElsewhere => "whether it opens another key or vault",
            Self::Leaked => "whether it is among stolen passwords",
        })
    }
}
