//! GF(256) with x⁸ + x⁴ + x³ + x + 1 = 0.
//!
//! There is no table that a secret is looked up in, and no branch on one: how long it takes, and which memory it
//! reads, says nothing of the elements.

use subtle::{Choice, ConditionallySelectable};

/// What x⁸ is.
const REDUCTION: u8 = 0x1b;

/// Multiplies.
pub(super) fn multiply(left: u8, right: u8) -> u8 {
    let mut product = 0;
    let mut doubled = left;
    for bit in 0..8 {
        product ^= select(right >> bit, doubled);
        doubled = doubled << 1 ^ select(doubled >> 7, REDUCTION);
    }
    product
}

/// Returns the inverse, the 254th power; 0 for 0.
pub(super) fn invert(element: u8) -> u8 {
    // 254 is 2 + 4 + … + 128.
    let mut square = element;
    (1..8).fold(1, |power, _| {
        square = multiply(square, square);
        multiply(power, square)
    })
}

/// Returns the value if the lowest bit is set, 0 otherwise.
fn select(bit: u8, value: u8) -> u8 {
    u8::conditional_select(&0, &value, Choice::from(bit & 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_fips_197_section_4_2() {
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
    }

    #[test]
    fn products_are_those_of_polynomials() {
        for left in 0..=255_u8 {
            for right in 0..=255_u8 {
                let terms = (0..8).filter(|bit| right >> bit & 1 == 1);
                let mut product = terms.fold(0_u16, |sum, bit| sum ^ u16::from(left) << bit);
                for bit in (8..16).rev().filter(|bit| *bit < 15) {
                    if product >> bit & 1 == 1 {
                        product ^= 0x11b << (bit - 8);
                    }
                }
                assert_eq!(u16::from(multiply(left, right)), product);
            }
        }
    }

    #[test]
    fn every_element_but_zero_has_an_inverse() {
        assert_eq!(invert(0), 0);
        assert!((1..=255).all(|element| multiply(element, invert(element)) == 1));
    }
}
