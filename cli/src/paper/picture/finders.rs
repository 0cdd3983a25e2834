//! The three corners of a code that look alike: dark and light in the proportion 1 to 1 to 3 to 1 to 1, whichever way one
//! goes through them (ISO/IEC 18004 section 6.3.3).

use super::shades::{Point, Shades, real};

/// The most corners that are looked at: those that most rows went through.
const FINDERS_MAX: usize = 24;

/// The most places, and rows through them, that are looked at on the way: a picture full of such proportions is none of a
/// page, which has three places for each code.
const PLACES_MAX: usize = 2048;
const ROWS_MAX: usize = 200_000;

/// How many times as long as a whole corner is wide a run through it may be: a stripe goes on for ever.
const RUN_MAX: usize = 2;

/// A corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finder {
    pub(super) middle: Point,
    /// How wide a module is there, in pixels.
    pub(super) module: f64,
    /// How many rows went through it.
    rows: usize,
}

/// Finds the corners.
pub(super) fn find(shades: &Shades<'_>) -> Vec<Finder> {
    let mut found: Vec<Finder> = Vec::new();
    let mut rows = 0;
    for y in 0..shades.height {
        if rows > ROWS_MAX || found.len() > PLACES_MAX {
            break;
        }
        let mut runs = [0; 5];
        let mut was_dark = false;
        for x in 0..=shades.width {
            let is_dark = shades.is_dark(x, y);
            if is_dark != was_dark {
                if was_dark && module_of(&runs).is_some() {
                    let right = real(runs.iter().skip(2).sum());
                    let middle =
                        real(x) - right + real(runs.get(2).copied().unwrap_or_default()) / 2.0;
                    let run_max = RUN_MAX * runs.iter().sum::<usize>();
                    add(&mut found, crossed(shades, middle, y, run_max));
                    rows += 1;
                }
                runs.rotate_left(1);
                if let Some(last) = runs.last_mut() {
                    *last = 0;
                }
                was_dark = is_dark;
            }
            if let Some(last) = runs.last_mut() {
                *last += 1;
            }
        }
    }
    found.retain(|finder| finder.rows > 1);
    found.sort_by_key(|finder| core::cmp::Reverse(finder.rows));
    found.truncate(FINDERS_MAX);
    found
}

/// Returns the width of a module, if the runs have the proportion.
fn module_of(runs: &[usize; 5]) -> Option<f64> {
    let module = real(runs.iter().sum()) / 7.0;
    let wanted = [1.0, 1.0, 3.0, 1.0, 1.0];
    let fits = |(run, wanted): (&usize, f64)| {
        let length = *run;
        length > 0
            && (real(length) - wanted * module).abs() <= 0.5 * module.max(1.5) * wanted.min(2.0)
    };
    runs.iter().zip(wanted).all(fits).then_some(module)
}

/// Goes through a place from top to bottom, and then from left to right.
fn crossed(shades: &Shades<'_>, x: f64, y: usize, run_max: usize) -> Option<Finder> {
    let column = super::shades::whole(x);
    let (down, middle_y) = through(y, (shades.height, run_max), |y| shades.is_dark(column, y))?;
    let row = super::shades::whole(middle_y);
    let across = through(column, (shades.width, run_max), |x| shades.is_dark(x, row));
    let (across, middle_x) = across?;
    let is_square = down.max(across) < 1.5 * down.min(across);
    let middle = Point {
        x: middle_x,
        y: middle_y,
    };
    is_square.then_some(Finder {
        middle,
        module: f64::midpoint(down, across),
        rows: 1,
    })
}

/// Returns the width of a module and the middle of the five runs around a place on a line that ends somewhere, none of
/// which is longer than so many pixels.
fn through(
    at: usize,
    (end, run_max): (usize, usize),
    is_dark: impl Fn(usize) -> bool,
) -> Option<(f64, f64)> {
    let run = |from: usize, forward: bool, dark: bool| {
        let mut place = from;
        let mut length = 0_usize;
        while place < end && length <= run_max && is_dark(place) == dark {
            length += 1;
            match forward {
                true => place += 1,
                false if place > 0 => place -= 1,
                false => break,
            }
        }
        (length, place)
    };
    let (before, place) = run(at, false, true);
    let (light_before, place) = run(place, false, false);
    let (dark_before, _) = run(place, false, true);
    let (after, place) = run(at, true, true);
    let (light_after, place) = run(place, true, false);
    let (dark_after, _) = run(place, true, true);
    let middle = (before + after).checked_sub(1)?;
    let module = module_of(&[dark_before, light_before, middle, light_after, dark_after])?;
    let start = real(at) + 1.0 - real(before);
    Some((module, start + real(middle) / 2.0))
}

/// Adds a corner, or a row to one that is known.
fn add(found: &mut Vec<Finder>, finder: Option<Finder>) {
    let Some(finder) = finder else { return };
    let is_it = |known: &&mut Finder| {
        let (x, y) = (
            known.middle.x - finder.middle.x,
            known.middle.y - finder.middle.y,
        );
        x.hypot(y) < 3.0 * known.module
            && known.module < 1.6 * finder.module
            && finder.module < 1.6 * known.module
    };
    match found.iter_mut().find(is_it) {
        None => found.push(finder),
        Some(known) => {
            let (rows, all) = (real(known.rows), real(known.rows + 1));
            let mean = |one: f64, other: f64| (one * rows + other) / all;
            known.middle.x = mean(known.middle.x, finder.middle.x);
            known.middle.y = mean(known.middle.y, finder.middle.y);
            known.module = mean(known.module, finder.module);
            known.rows += 1;
        }
    }
}
