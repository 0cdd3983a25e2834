//! The one type in which a secret may live.

use core::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A value that is wiped when it is dropped and that never shows itself.
///
/// It cannot be cloned, printed, compared in variable time or serialised. What is in it is read
/// with [`Secret::expose`], so that every place that touches a secret can be found by name.
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes a value into keeping.
    ///
    /// The caller's own copy is gone by the move, but a move of an array copies bytes: build large
    /// secrets in place, behind a `Vec` or a `Box`.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Shows the value to code that has to compute with it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Shows the value to code that has to fill or change it in place.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose(), b"hunter2");
    }
}
