//! What people copy by hand: symbols of five bits, of which the last two check the others (`FORMAT.md` section 3.2).

/// Crockford's alphabet: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Says whether a character may stand between symbols.
pub(crate) fn is_passed_over(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n' | '-')
}

/// Returns the value of a symbol, or of what is often written in its place.
pub(crate) fn value(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = ALPHABET
        .iter()
        .position(|symbol| char::from(*symbol) == letter)?;
    u8::try_from(place).ok()
}

/// Returns the symbol of a value below 32.
pub(crate) fn letter(value: u8) -> char {
    let letter = ALPHABET.get(usize::from(value)).copied();
    char::from(letter.unwrap_or_default())
}

/// Says whether the last two symbols, of 31 at most, check the others: they do not where one or two are wrong.
pub(crate) fn holds(symbols: &[u8]) -> bool {
    syndromes(symbols) == (0, 0)
}

/// Puts the check symbols into the last two places.
pub(crate) fn complete(symbols: &mut [u8]) {
    let Some((checks, others)) = symbols.split_last_chunk_mut::<2>().map(|(o, c)| (c, o)) else {
        return;
    };
    let place = others.len();
    let (sum, squares) = syndromes(others);
    // Solved for the last two symbols a and b: a·αⁿ + b·αⁿ⁺¹ = sum, a·α²ⁿ + b·α²ⁿ⁺² = squares.
    let second = divide(
        squares ^ multiply(sum, power(place)),
        multiply(power(2 * place + 1), 3),
    );
    let first = divide(sum ^ multiply(second, power(place + 1)), power(place));
    *checks = [first, second];
}

/// Returns the two sums that are zero for a code.
fn syndromes(symbols: &[u8]) -> (u8, u8) {
    symbols
        .iter()
        .enumerate()
        .fold((0, 0), |(sum, squares), (index, symbol)| {
            (
                sum ^ multiply(*symbol, power(index)),
                squares ^ multiply(*symbol, power(2 * index)),
            )
        })
}

/// Multiplies in GF(32) with x⁵ + x² + 1 = 0.
fn multiply(left: u8, right: u8) -> u8 {
    let product = |product: u8, bit: u8| {
        let doubled = product << 1;
        let reduced = if doubled & 32 == 0 {
            doubled
        } else {
            doubled ^ 0b10_0101
        };
        if right >> bit & 1 == 0 {
            reduced
        } else {
            reduced ^ left
        }
    };
    (0..5).rev().fold(0, product)
}

/// Returns a power of the element 2, which has order 31.
fn power(exponent: usize) -> u8 {
    (0..exponent % 31).fold(1, |power, _| multiply(power, 2))
}

/// Divides by an element that is not zero: its 30th power is its inverse.
fn divide(dividend: u8, divisor: u8) -> u8 {
    (0..30).fold(dividend, |quotient, _| multiply(quotient, divisor))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest code that finds every two errors.
    const LENGTH: usize = 31;

    #[test]
    fn checks_are_right_at_every_length() {
        for length in 2..=LENGTH {
            let mut symbols: Vec<u8> = (0..31).map(|value| value * 7 % 32).take(length).collect();
            complete(&mut symbols);
            assert!(holds(&symbols));
        }
    }

    #[test]
    fn every_error_in_one_or_two_symbols_is_found() {
        // The code is linear: only the pattern of the error counts.
        let terms = |index: usize| {
            let sums = move |step: usize| move |value| multiply(value, power(step * index));
            (0..32).map(sums(1)).zip((0..32).map(sums(2)))
        };
        let terms: Vec<Vec<(u8, u8)>> = (0..LENGTH).map(|index| terms(index).collect()).collect();
        for first in 0..LENGTH {
            for second in first + 1..LENGTH {
                for (one, two) in (0..32).flat_map(|one| (0..32).map(move |two| (one, two))) {
                    let is_unseen = terms[first][one] == terms[second][two];
                    assert_eq!(is_unseen, (one, two) == (0, 0));
                }
            }
        }
    }
}
