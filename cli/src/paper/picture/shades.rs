//! A grey picture, in which dark is told from light by what is around.

use image::GrayImage;

/// The side of the squares that have one threshold, in pixels.
const SQUARE: usize = 16;

/// How many squares around count for it, on each side.
const AROUND: usize = 3;

/// Where darkest and lightest are no further apart than that, all is light.
const CONTRAST: u8 = 40;

/// A point of the picture, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The picture.
#[derive(Debug)]
pub(super) struct Shades<'a> {
    pixels: &'a [u8],
    pub(super) width: usize,
    pub(super) height: usize,
    /// What is dark, by square.
    thresholds: Vec<u8>,
    /// Squares in a row.
    row: usize,
}

impl<'a> Shades<'a> {
    pub(super) fn new(picture: &'a GrayImage) -> Self {
        let side = |length: u32| usize::try_from(length).unwrap_or_default();
        let (width, height) = (side(picture.width()), side(picture.height()));
        let row = width.div_ceil(SQUARE).max(1);
        let mut extremes = vec![(u8::MAX, u8::MIN); row * height.div_ceil(SQUARE)];
        let pixels = picture.as_raw().as_slice();
        for (y, line) in pixels.chunks(width.max(1)).enumerate() {
            for (x, square) in line.chunks(SQUARE).enumerate() {
                let seen = square.iter().fold((u8::MAX, u8::MIN), widened);
                if let Some(extreme) = extremes.get_mut(y / SQUARE * row + x) {
                    *extreme = (extreme.0.min(seen.0), extreme.1.max(seen.1));
                }
            }
        }
        Self {
            pixels,
            width,
            height,
            thresholds: thresholds(&extremes, row),
            row,
        }
    }

    /// Says whether a pixel is dark. There is nothing dark outside of the picture.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.pixel(x, y) < self.threshold(x, y)
    }

    /// Says whether it is dark at a point.
    pub(super) fn is_dark_at(&self, at: Point) -> bool {
        self.grey(at) < f64::from(self.threshold(whole(at.x), whole(at.y)))
    }

    /// Returns how light it is between four pixels, 0 to 255.
    pub(super) fn grey(&self, at: Point) -> f64 {
        // A pixel's own place is its middle.
        let (x, y) = (at.x - 0.5, at.y - 0.5);
        if x < 0.0 || y < 0.0 {
            return f64::from(u8::MAX);
        }
        let (left, top) = (x.floor(), y.floor());
        let (right, down) = (x - left, y - top);
        let (left, top) = (whole(left), whole(top));
        let pixel = |x, y| f64::from(self.pixel(x, y));
        let above = pixel(left, top) * (1.0 - right) + pixel(left + 1, top) * right;
        let below = pixel(left, top + 1) * (1.0 - right) + pixel(left + 1, top + 1) * right;
        above * (1.0 - down) + below * down
    }

    fn pixel(&self, x: usize, y: usize) -> u8 {
        let place = (x < self.width).then_some(y.saturating_mul(self.width).saturating_add(x));
        let pixel = place.and_then(|place| self.pixels.get(place));
        pixel.copied().unwrap_or(u8::MAX)
    }

    fn threshold(&self, x: usize, y: usize) -> u8 {
        let place = y / SQUARE * self.row + (x / SQUARE).min(self.row - 1);
        self.thresholds.get(place).copied().unwrap_or_default()
    }
}

/// Returns the middle between the darkest and the lightest pixel around each square.
fn thresholds(extremes: &[(u8, u8)], row: usize) -> Vec<u8> {
    let rows = extremes.len() / row;
    let threshold = |place: usize| {
        let (x, y) = (place % row, place / row);
        let across = x.saturating_sub(AROUND)..(x + AROUND + 1).min(row);
        let down = y.saturating_sub(AROUND)..(y + AROUND + 1).min(rows);
        let around =
            down.filter_map(|y| extremes.get(y * row + across.start..y * row + across.end));
        let (dark, light) = around
            .flatten()
            .fold((u8::MAX, u8::MIN), |(dark, light), seen| {
                (dark.min(seen.0), light.max(seen.1))
            });
        match light.saturating_sub(dark) >= CONTRAST {
            true => dark + (light - dark) / 2,
            false => 0,
        }
    };
    (0..extremes.len()).map(threshold).collect()
}

fn widened((dark, light): (u8, u8), pixel: &u8) -> (u8, u8) {
    (dark.min(*pixel), light.max(*pixel))
}

/// Returns the whole number below one that is not negative: what is added leaves a number no room for its fraction
/// (IEEE 754).
pub(super) fn whole(number: f64) -> usize {
    const ROOM: f64 = 4_503_599_627_370_496.0;
    let clamped = number.floor().clamp(0.0, 1e9);
    let fraction = (clamped + ROOM).to_bits() & 0xf_ffff_ffff_ffff;
    usize::try_from(fraction).unwrap_or_default()
}

/// Returns a count as a number to compute with.
pub(super) fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
