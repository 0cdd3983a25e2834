//! The judge of passphrases: what share of each language's words it refuses, and that nothing random is.

#[cfg(test)]
mod corpus;
