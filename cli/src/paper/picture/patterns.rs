//! What is the same in every code of a size: by it the place of all its modules is found (ISO/IEC 18004 section 6.3).

/// A module that every code of a size has alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) is_dark: bool,
}

/// The versions of codes.
pub(super) const VERSIONS: core::ops::RangeInclusive<usize> = 1..=40;

/// Returns how many modules a side has.
pub(super) const fn side(version: usize) -> usize {
    17 + 4 * version
}

/// Returns the fixed modules of a version: corners, dotted lines and small squares.
pub(super) fn fixed(version: usize) -> Vec<Fixed> {
    let side = side(version);
    let mut all = Vec::new();
    for place in 8..side - 8 {
        let is_dark = place % 2 == 0;
        for (column, row) in [(place, 6), (6, place)] {
            all.push(Fixed {
                column,
                row,
                is_dark,
            });
        }
    }
    for (column, row) in [(3, 3), (side - 4, 3), (3, side - 4)] {
        all.extend(square((column, row), 4, side, |ring| {
            ring != 2 && ring != 4
        }));
    }
    let middles = middles(version);
    for (index, row) in middles.iter().enumerate() {
        for (other, column) in middles.iter().enumerate() {
            let last = middles.len() - 1;
            let is_corner = matches!((index, other), (0, 0))
                || (index, other) == (0, last)
                || (index, other) == (last, 0);
            if !is_corner {
                all.extend(square((*column, *row), 2, side, |ring| ring != 1));
            }
        }
    }
    all
}

/// Returns the fixed modules of the small square nearest to the corner that has no large one.
pub(super) fn last_square(version: usize) -> Vec<Fixed> {
    let side = side(version);
    match middles(version).last() {
        Some(middle) => square((*middle, *middle), 2, side, |ring| ring != 1).collect(),
        None => Vec::new(),
    }
}

/// Returns the columns of the middles of small squares, which are their rows too (annex E).
fn middles(version: usize) -> Vec<usize> {
    if version < 2 {
        return Vec::new();
    }
    let count = version / 7 + 2;
    let step = match version {
        32 => 26,
        _ => (version * 4 + count * 2 + 1) / (count * 2 - 2) * 2,
    };
    let last = side(version) - 7;
    let others = (0..count - 1).rev().map(|index| last - index * step);
    core::iter::once(6).chain(others).collect()
}

/// Returns the modules around a middle, as far as they are in the code, ring by ring.
fn square(
    (column, row): (usize, usize),
    reach: usize,
    side: usize,
    is_dark: impl Fn(usize) -> bool,
) -> impl Iterator<Item = Fixed> {
    let places =
        (0..=2 * reach).flat_map(move |down| (0..=2 * reach).map(move |right| (right, down)));
    places.filter_map(move |(right, down)| {
        let ring = right.abs_diff(reach).max(down.abs_diff(reach));
        let column = (column + right).checked_sub(reach)?;
        let row = (row + down).checked_sub(reach)?;
        (column < side && row < side).then(|| Fixed {
            column,
            row,
            is_dark: is_dark(ring),
        })
    })
}
