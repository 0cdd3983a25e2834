//! Reading the QR codes in a picture.
//!
//! Pictures come from scanners and telephones, and may come from anybody: what they may take is bounded before they are
//! decoded, and that is done on a thread of its own, before a vault is opened.

mod shades;
mod finders;
mod patterns;
mod grid;
mod codes;

use std::io::{self, Cursor};
use std::path::Path;
use std::thread;

use image::{GrayImage, ImageFormat, ImageReader, Limits};
use keyward_vault::paper::{Part, assemble};

use crate::error::Error;
use crate::vault::files;

/// The longest picture that is read, in bytes.
const FILE_MAX: usize = 32 << 20;

/// The longest side, in pixels: what a scan of a page with 1,200 dots per inch has.
const SIDE_MAX: u32 = 14_400;

/// The most memory that decoding may take, in bytes.
const MEMORY_MAX: u64 = 768 << 20;

/// How often a picture is halved before it is given up, and the shortest side that is halved.
const HALVINGS: usize = 3;
const SIDE_MIN: u32 = 600;

/// The stack for decoding: pictures are decoded away from the small one that commands with secrets run on.
const STACK: usize = 8 << 20;

/// What files of pictures begin with.
const MAGICS: [(&[u8], ImageFormat); 2] = [
    (b"\x89PNG\r\n\x1a\n", ImageFormat::Png),
    (b"\xff\xd8\xff", ImageFormat::Jpeg),
];

/// Says what picture a file is, from its beginning.
pub(crate) fn format(head: &[u8]) -> Option<ImageFormat> {
    let magic = MAGICS.iter().find(|(magic, _)| head.starts_with(magic));
    magic.map(|(_, format)| *format)
}

/// Reads the parts of papers in a picture.
///
/// # Errors
/// [`Error::NoCodes`], or why the picture cannot be read.
pub(crate) fn parts(path: &Path, format: ImageFormat) -> Result<Vec<Part>, Error> {
    let bytes = files::read_up_to(path, FILE_MAX)?;
    let failed = |source| Error::File {
        path: path.to_path_buf(),
        source,
    };
    let reader = thread::Builder::new().stack_size(STACK);
    let reader = reader
        .spawn(move || decode(bytes, format))
        .map_err(failed)?;
    let ended = reader.join();
    let picture = ended.map_err(|_| failed(io::Error::other("cannot be decoded")))?;
    let found = picture.map_err(|error| Error::Picture {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    match found.is_empty() {
        true => Err(Error::NoCodes {
            path: path.to_path_buf(),
        }),
        false => Ok(found),
    }
}

fn decode(bytes: Vec<u8>, format: ImageFormat) -> Result<Vec<Part>, image::ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    Ok(search(reader.decode()?.into_luma8()))
}

/// Looks for codes, in the picture and in smaller ones: noise and the pattern of a screen go by that.
pub(super) fn search(mut picture: GrayImage) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    for _ in 0..=HALVINGS {
        let texts = codes::read(&picture);
        for part in texts.iter().filter_map(|text| Part::parse(text).ok()) {
            if !found.contains(&part) {
                found.push(part);
            }
        }
        let is_whole = !found.is_empty() && assemble(&found).is_ok();
        let (width, height) = picture.dimensions();
        if is_whole || width.min(height) < 2 * SIDE_MIN {
            break;
        }
        picture = halved(&picture);
    }
    found
}

/// Makes one pixel of four.
fn halved(picture: &GrayImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    GrayImage::from_fn(width / 2, height / 2, |x, y| {
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)];
        let four = four.map(|(right, down)| {
            let pixel = picture.get_pixel_checked(2 * x + right, 2 * y + down);
            pixel.map_or(u16::MAX, |pixel| pixel.0.into_iter().map(u16::from).sum())
        });
        let mean = four.iter().sum::<u16>() / 4;
        image::Luma([u8::try_from(mean).unwrap_or(u8::MAX)])
    })
}
