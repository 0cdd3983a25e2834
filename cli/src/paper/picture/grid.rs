//! From three corners to the modules of a code.
//!
//! The fourth corner is guessed, then all four are moved until what is the same in every code of the size stands out best. So
//! codes are read that are turned, seen from the side, blurred, or a little bent.

use rqrr::{Grid, SimpleGrid};

use super::finders::Finder;
use super::patterns::{Fixed, VERSIONS, fixed, last_square, side};
use super::shades::{Point, Shades, real, whole};

/// From an edge of a code to the middle of its corners, in modules.
const INSET: f64 = 3.5;

/// How far the fourth corner is looked for, in halves of a module.
const FAR: usize = 10;

/// How far the corners are moved, in modules, from coarse to fine.
const STEPS: [f64; 5] = [0.8, 0.4, 0.2, 0.1, 0.05];

/// How often they are moved by one step.
const MOVES: usize = 6;

/// The corners of a code as they lie in the picture: upper left, upper right, lower right, lower left.
type Corners = [Point; 4];

/// Reads the code between three corners, the upper left one first, then the upper right and the lower left one.
pub(super) fn read(shades: &Shades<'_>, [first, right, below]: [&Finder; 3]) -> Option<String> {
    let across = distance(first.middle, right.middle);
    let (x, y) = (
        right.middle.x - first.middle.x,
        right.middle.y - first.middle.y,
    );
    // Corners were measured along rows and columns, which go slantwise through the modules of a code that is turned.
    let slant = x.abs().max(y.abs()) / across;
    let module = slant * (first.module + right.module + below.module) / 3.0;
    let down = distance(first.middle, below.middle);
    let modules = f64::midpoint(across, down) / module + 2.0 * INSET;
    let guess = whole(((modules - 17.0) / 4.0).max(0.0) + 0.5);
    let mut versions: Vec<usize> = VERSIONS
        .filter(|version| version.abs_diff(guess) <= 1 + guess / 8)
        .collect();
    versions.sort_by_key(|version| version.abs_diff(guess));
    let fourth = Point {
        x: right.middle.x + below.middle.x - first.middle.x,
        y: right.middle.y + below.middle.y - first.middle.y,
    };
    let corners = [first.middle, right.middle, fourth, below.middle];
    let texts = versions.into_iter().filter_map(|version| {
        let corners = settled(shades, corners, version, module);
        decode(shades, corners, side(version))
    });
    texts.into_iter().next()
}

fn distance(one: Point, other: Point) -> f64 {
    (one.x - other.x).hypot(one.y - other.y)
}

/// Moves the corners to where the code stands out best.
fn settled(shades: &Shades<'_>, corners: Corners, version: usize, module: f64) -> Corners {
    let side = side(version);
    let near = last_square(version);
    let mut best = (score(shades, corners, side, &near), corners);
    for place in 0..(2 * FAR + 1).pow(2) {
        let offset = |steps: usize| (real(steps) - real(FAR)) * module / 2.0;
        let (right, down) = (place % (2 * FAR + 1), place / (2 * FAR + 1));
        let moved = shifted(corners, 2, offset(right), offset(down));
        let score = score(shades, moved, side, &near);
        if score > best.0 {
            best = (score, moved);
        }
    }
    let all = fixed(version);
    best.0 = score(shades, best.1, side, &all);
    for step in STEPS {
        for _ in 0..MOVES {
            let before = best.0;
            for corner in [2, 0, 1, 3] {
                for (x, y) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                    let length = step * module;
                    let moved = shifted(best.1, corner, x * length, y * length);
                    let score = score(shades, moved, side, &all);
                    if score > best.0 {
                        best = (score, moved);
                    }
                }
            }
            if best.0 <= before {
                break;
            }
        }
    }
    best.1
}

fn shifted(mut corners: Corners, corner: usize, x: f64, y: f64) -> Corners {
    if let Some(corner) = corners.get_mut(corner) {
        corner.x += x;
        corner.y += y;
    }
    corners
}

/// Returns how much the dark ones of these modules are darker than the light ones.
fn score(shades: &Shades<'_>, corners: Corners, side: usize, modules: &[Fixed]) -> f64 {
    let projection = Projection::of(corners, side);
    let values = modules.iter().map(|module| {
        let grey = shades.grey(projection.middle_of(module.column, module.row));
        if module.is_dark { -grey } else { grey }
    });
    values.sum()
}

fn decode(shades: &Shades<'_>, corners: Corners, side: usize) -> Option<String> {
    let projection = Projection::of(corners, side);
    let is_dark = |column, row| shades.is_dark_at(projection.middle_of(column, row));
    let grid = Grid::new(SimpleGrid::from_func(side, is_dark));
    grid.decode().ok().map(|(_, text)| text)
}

/// How a square lies in the picture, seen from anywhere.
struct Projection {
    /// Of the column, the row, and neither, for x, y and what both are divided by.
    x: [f64; 3],
    y: [f64; 3],
    depth: [f64; 2],
    /// How many modules are between two corners.
    between: f64,
}

impl Projection {
    /// Solves for the four corners (Heckbert, Fundamentals of Texture Mapping, 1989, section 2.2.3).
    fn of([first, right, fourth, below]: Corners, side: usize) -> Self {
        let (x1, y1) = (right.x - fourth.x, right.y - fourth.y);
        let (x2, y2) = (below.x - fourth.x, below.y - fourth.y);
        let x3 = first.x - right.x + fourth.x - below.x;
        let y3 = first.y - right.y + fourth.y - below.y;
        let determinant = x1 * y2 - x2 * y1;
        let across = (x3 * y2 - x2 * y3) / determinant;
        let down = (x1 * y3 - x3 * y1) / determinant;
        Self {
            x: [
                right.x - first.x + across * right.x,
                below.x - first.x + down * below.x,
                first.x,
            ],
            y: [
                right.y - first.y + across * right.y,
                below.y - first.y + down * below.y,
                first.y,
            ],
            depth: [across, down],
            between: real(side) - 2.0 * INSET,
        }
    }

    /// Returns where the middle of a module is.
    fn middle_of(&self, column: usize, row: usize) -> Point {
        let across = (real(column) + 0.5 - INSET) / self.between;
        let down = (real(row) + 0.5 - INSET) / self.between;
        let along = |[right, below, start]: [f64; 3]| right * across + below * down + start;
        let [right, below] = self.depth;
        let depth = right * across + below * down + 1.0;
        Point {
            x: along(self.x) / depth,
            y: along(self.y) / depth,
        }
    }
}
