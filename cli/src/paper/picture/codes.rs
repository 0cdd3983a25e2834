//! The codes in a picture: which corners belong together.

use image::GrayImage;

use super::finders::{self, Finder};
use super::grid;
use super::shades::Shades;

/// The most triples of corners that are tried.
const TRIES_MAX: usize = 60;

/// Three corners that may be those of a code, by their places, and how far they are from the half of a square.
struct Triple {
    corners: [usize; 3],
    error: f64,
}

/// Returns the texts of the codes.
pub(super) fn read(picture: &GrayImage) -> Vec<String> {
    let shades = Shades::new(picture);
    let found = finders::find(&shades);
    let mut used = Vec::new();
    let mut texts = Vec::new();
    for triple in triples(&found).into_iter().take(TRIES_MAX) {
        if triple.corners.iter().any(|corner| used.contains(corner)) {
            continue;
        }
        let [first, right, below] = triple.corners.map(|corner| found.get(corner));
        let corners = first.zip(right).zip(below);
        let corners = corners.map(|((first, right), below)| [first, right, below]);
        if let Some(text) = corners.and_then(|corners| grid::read(&shades, corners)) {
            used.extend(triple.corners);
            texts.push(text);
        }
    }
    texts
}

/// Returns the triples that look like a code, the most likely ones first.
fn triples(found: &[Finder]) -> Vec<Triple> {
    let mut triples = Vec::new();
    for (first, corner) in found.iter().enumerate() {
        for (right, one) in found.iter().enumerate() {
            for (below, other) in found.iter().enumerate() {
                if let Some(error) = error(corner, one, other) {
                    triples.push(Triple {
                        corners: [first, right, below],
                        error,
                    });
                }
            }
        }
    }
    triples.sort_by(|one, other| one.error.total_cmp(&other.error));
    triples
}

/// Says how far three corners are from the half of a square; `None` where they cannot be one.
fn error(first: &Finder, right: &Finder, below: &Finder) -> Option<f64> {
    let vector = |to: &Finder| (to.middle.x - first.middle.x, to.middle.y - first.middle.y);
    let ((x1, y1), (x2, y2)) = (vector(right), vector(below));
    let (across, down) = (x1.hypot(y1), x2.hypot(y2));
    let modules = [first.module, right.module, below.module];
    let widest = modules.into_iter().fold(0.0, f64::max);
    let least = modules.into_iter().fold(f64::MAX, f64::min);
    let shortest = across.min(down);
    // The smallest code has 14 modules from corner to corner, the largest 170.
    if !(12.0 * least..=200.0 * widest).contains(&shortest) || widest > 1.5 * least {
        return None;
    }
    let lengths = across.max(down) / shortest;
    let cosine = (x1 * x2 + y1 * y2).abs() / (across * down);
    // A mirrored code goes the other way round.
    let is_turned = x1 * y2 - x2 * y1 > 0.0;
    (is_turned && lengths < 1.4 && cosine < 0.35)
        .then_some(lengths - 1.0 + cosine + 0.3 * (widest / least - 1.0))
}
