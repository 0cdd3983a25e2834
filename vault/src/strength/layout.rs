//! Where characters lie on keyboards.

/// The letters that lie at the same place on QWERTY, QWERTZ and AZERTY keyboards.
pub const SAME_EVERYWHERE: &str = "bcdefghijklnoprstuvx";

/// Returns how many characters of a text lie elsewhere on some of the three usual layouts, and how
/// many are not on all keyboards.
pub(super) fn moving(text: &str) -> (usize, usize) {
    let moves = |letter: &char| {
        let small = letter.to_ascii_lowercase();
        letter.is_ascii() && small != ' ' && !SAME_EVERYWHERE.contains(small)
    };
    let moving = text.chars().filter(moves).count();
    let others = text.chars().filter(|letter| !letter.is_ascii()).count();
    (moving, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_signs_and_six_letters_move() {
        assert_eq!(moving("the fox"), (0, 0));
        assert_eq!(moving("aqwzym AQWZYM"), (12, 0));
        assert_eq!(moving("1-é"), (2, 1));
        let stays = ('a'..='z').filter(|letter| SAME_EVERYWHERE.contains(*letter));
        assert_eq!(stays.count(), 20);
    }
}
