//! The rules of this project that no compiler and no lint looks at.

#[cfg(test)]
mod imports;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod source;
