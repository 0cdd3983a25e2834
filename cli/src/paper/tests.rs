//! Pages as they come back from a printer and a scanner.

#![expect(
    clippy::as_conversions,
    reason = "pixels and places on a page are small numbers"
)]

use image::{GrayImage, Luma};
use keyward_vault::paper::{Paper, assemble};
use keyward_vault::vault::{FirstSlots, NewKey};
use keyward_vault::{
    Cost, Metadata, NewSlot, Passphrase, RecoveryCode, Secret, SystemEntropy, Timestamp, Vault,
};

use super::page::{Bar, Font, HEIGHT, POINT, WIDTH};
use super::*;

/// Pixels per millimetre at 200 dots per inch.
const SCALE: f32 = 200.0 / 25.4;

fn string(bytes: &[u8]) -> Vec<u8> {
    [
        &u32::try_from(bytes.len()).unwrap().to_be_bytes()[..],
        bytes,
    ]
    .concat()
}

/// Fields that have the frame of an Ed25519 key, or of one of RSA: what is in them does not matter here.
fn private(is_rsa: bool, number: u8) -> Vec<u8> {
    let filled = |length: usize| {
        let bytes = (0..length).map(|place| (place * 7 + usize::from(number) * 13) as u8);
        let mut bytes: Vec<u8> = bytes.collect();
        bytes[0] = 0x7f;
        bytes
    };
    let strings: Vec<Vec<u8>> = match is_rsa {
        true => {
            let modulus = [vec![0, 0x80 | number], filled(511)].concat();
            let lengths = [512, 256, 256, 256];
            let others = lengths.map(&filled);
            [
                vec![b"ssh-rsa".to_vec(), modulus, vec![1, 0, 1]],
                others.to_vec(),
            ]
            .concat()
        }
        false => {
            let public = filled(32);
            let both = [filled(32), public.clone()].concat();
            vec![b"ssh-ed25519".to_vec(), public, both]
        }
    };
    strings.iter().flat_map(|bytes| string(bytes)).collect()
}

/// A paper and the code that opens it.
fn paper(is_rsa: bool, number: u8) -> Paper {
    let code = RecoveryCode::generate(&mut SystemEntropy).unwrap();
    let passphrase = Passphrase::new("a passphrase").unwrap();
    let first = FirstSlots {
        passphrase: &passphrase,
        cost: Cost::LEAST,
        recovery: None,
    };
    let mut vault = Vault::create(&first, Timestamp(1), &mut SystemEntropy).unwrap();
    let key = NewKey {
        private: Secret::new(private(is_rsa, number)),
        metadata: Metadata {
            name: format!("key number {number} of somebody"),
            comment: b"somebody@some.host.example".to_vec(),
            ..Metadata::default()
        },
    };
    let id = vault.insert(key, Timestamp(2), &mut SystemEntropy).unwrap();
    let private = vault.private(id).unwrap();
    let record = vault.key(id).unwrap();
    let new = NewSlot::RecoveryCode(&code);
    Paper::seal(record, private.expose(), &new, &mut SystemEntropy).unwrap()
}

fn caption() -> Caption {
    Caption {
        key_type: "ED25519 256".to_owned(),
        fingerprint: "SHA256:law4RI+H14p5Ugihv51R87TuY2TiWdIzgd+q1kSRPms".to_owned(),
        date: "2026-01-31".to_owned(),
        label: Some("<in the safe & sound>".to_owned()),
    }
}

/// Paints a page at 200 dots per inch, and a grey bar with gaps for each letter, so that there is something beside the codes.
fn painted(page: &Page) -> GrayImage {
    let size = |millimetres: f32| (millimetres * SCALE).ceil() as u32;
    let mut picture = GrayImage::from_pixel(size(WIDTH), size(HEIGHT), Luma([255]));
    let letters = page.texts.iter().flat_map(|text| {
        let side = text.size * POINT;
        (0..text.content.len()).map(move |place| Bar {
            left: text.left + 0.6 * side * (place as f32),
            top: text.base - 0.6 * side,
            width: 0.15 * side,
            height: 0.6 * side,
        })
    });
    let letters: Vec<Bar> = letters.collect();
    for bar in page.bars.iter().chain(&letters) {
        paint(&mut picture, bar);
    }
    picture
}

/// Darkens each pixel by as much of it as the bar covers.
fn paint(picture: &mut GrayImage, bar: &Bar) {
    let (left, top) = (bar.left * SCALE, bar.top * SCALE);
    let (right, bottom) = (left + bar.width * SCALE, top + bar.height * SCALE);
    for y in top.floor() as u32..(bottom.ceil() as u32).min(picture.height()) {
        for x in left.floor() as u32..(right.ceil() as u32).min(picture.width()) {
            let covered = |start: f32, end: f32, place: u32| {
                (end.min(place as f32 + 1.0) - start.max(place as f32)).max(0.0)
            };
            let dark = 255.0 * covered(left, right, x) * covered(top, bottom, y);
            let pixel = picture.get_pixel_mut(x, y);
            pixel.0[0] = pixel.0[0].saturating_sub(dark as u8);
        }
    }
}

/// Blurs with a Gaussian of one pixel, as two times 1, 2, 1 in each direction come close to it.
fn blurred(picture: GrayImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    let row = width as usize;
    let mut pixels = picture.into_raw();
    for distance in [1, 1, row, row] {
        let mean = |three: ((&u8, &u8), &u8)| {
            let ((one, two), three) = three;
            ((u16::from(*one) + 2 * u16::from(*two) + u16::from(*three) + 2) / 4) as u8
        };
        let middle = pixels.iter().zip(&pixels[distance..]);
        let middle = middle.zip(&pixels[2 * distance..]).map(mean);
        let (first, last) = (&pixels[..distance], &pixels[pixels.len() - distance..]);
        pixels = first
            .iter()
            .copied()
            .chain(middle)
            .chain(last.iter().copied())
            .collect();
    }
    GrayImage::from_raw(width, height, pixels).unwrap()
}

/// Turns around the middle, as paper on a scanner is. Places are in 256ths of a pixel: there are many to compute.
fn turned(picture: &GrayImage, degrees: f32) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (picture.width() as i32, picture.height() as i32);
    let (sin, cos) = ((sin * 65_536.0) as i64, (cos * 65_536.0) as i64);
    let pixels = picture.as_raw();
    let mut turned = Vec::with_capacity(pixels.len());
    for y in 0..i64::from(height) {
        let y = y - i64::from(height / 2);
        for x in 0..i64::from(width) {
            let x = x - i64::from(width / 2);
            let across = ((cos * x + sin * y) >> 8) as i32 + 128 * width;
            let down = ((cos * y - sin * x) >> 8) as i32 + 128 * height;
            let (left, top) = (across >> 8, down >> 8);
            if left < 0 || top < 0 || left + 1 >= width || top + 1 >= height {
                turned.push(255);
                continue;
            }
            let place = (top * width + left) as usize;
            let (right, below) = (across & 255, down & 255);
            let mean = |place: usize| {
                i32::from(pixels[place]) * (256 - right) + i32::from(pixels[place + 1]) * right
            };
            let value = mean(place) * (256 - below) + mean(place + width as usize) * below;
            turned.push((value >> 16) as u8);
        }
    }
    GrayImage::from_raw(picture.width(), picture.height(), turned).unwrap()
}

/// Whether a page is read after printing, blurring and turning. All of the page is looked at, or what is above its lines.
fn is_read(number: u8, is_whole: bool) -> bool {
    // Every fifth is as long as a page holds.
    let paper = paper(number % 5 == 4, number);
    let page = Page::draw(&caption(), &paper).unwrap();
    let degrees = if number.is_multiple_of(2) { 3.0 } else { -3.0 };
    let mut print = painted(&page);
    if !is_whole {
        let (width, height) = (print.width(), print.height() / 2);
        print = image::imageops::crop_imm(&print, 0, 0, width, height).to_image();
    }
    let parts = picture::search(turned(&blurred(print), degrees));
    assemble(&parts).is_ok_and(|found| found == paper)
}

#[test]
fn a_hundred_pages_are_read_after_printing_blurring_and_turning() {
    let threads = [0_u8, 25, 50, 75];
    let read: Vec<bool> = std::thread::scope(|scope| {
        let read = |first: u8| (first..first + 25).map(|number| is_read(number, number % 20 == 19));
        let threads = threads.map(|first| scope.spawn(move || read(first).collect::<Vec<_>>()));
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(read.len(), 100);
    let unread: Vec<usize> = (0..100).filter(|page| !read[*page]).collect();
    assert_eq!(unread, [0; 0]);
}

#[test]
fn everything_stands_on_the_page() {
    for is_rsa in [false, true] {
        let paper = paper(is_rsa, 1);
        let page = Page::draw(&caption(), &paper).unwrap();
        for bar in &page.bars {
            assert!(bar.left >= 15.0 && bar.left + bar.width <= WIDTH - 15.0);
        }
        for text in &page.texts {
            assert!(text.base <= HEIGHT - 12.0, "{text:?}");
            let letter = if text.font == Font::Prose { 0.5 } else { 0.6 };
            let width = letter * text.size * POINT * (text.content.chars().count() as f32);
            assert!(
                text.left >= 15.0 && text.left + width <= WIDTH - 10.0,
                "{text:?}"
            );
        }
    }
}

#[test]
fn every_format_holds_the_lines_and_none_anything_else() {
    let paper = paper(false, 1);
    let lines = paper.lines();
    for format in [Format::Svg, Format::Pdf, Format::Txt] {
        let page = write(format, &caption(), &paper).unwrap();
        let text = String::from_utf8_lossy(&page);
        assert!(lines.iter().all(|line| text.contains(line)), "{format:?}");
        assert!(text.contains("SHA256:law4RI+H14p5Ugihv51R87TuY2TiWdIzgd+q1kSRPms"));
        assert!(!text.contains("somebody"), "{format:?}");
        assert_eq!(Format::of_name(format.name()), Some(format));
    }
    let svg = write(Format::Svg, &caption(), &paper).unwrap();
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("&lt;in the safe &amp; sound&gt;"));
    let txt = write(Format::Txt, &caption(), &paper).unwrap();
    let txt = String::from_utf8(txt).unwrap();
    let read = keyward_vault::paper::read_text(&txt).unwrap();
    assert_eq!(read, keyward_vault::paper::Scanned::Whole(paper.clone()));
    for label in ["a\nb", "\u{1f511}", &"x".repeat(65)] {
        let caption = Caption {
            label: Some(label.to_owned()),
            ..caption()
        };
        assert!(matches!(
            write(Format::Svg, &caption, &paper),
            Err(Error::Label)
        ));
    }
}

#[test]
fn pictures_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        picture::parts(&path, picture::format(bytes).unwrap())
    };
    let empty = GrayImage::from_pixel(300, 300, Luma([255]));
    let mut png = std::io::Cursor::new(Vec::new());
    empty.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    assert!(matches!(read(&png), Err(Error::NoCodes { .. })));
    assert!(matches!(read(&png[..40]), Err(Error::Picture { .. })));
    // A header that promises more pixels than are read.
    let mut huge = png;
    huge[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    assert!(matches!(read(&huge), Err(Error::Picture { .. })));
    assert!(matches!(
        read(b"\xff\xd8\xff\xe0"),
        Err(Error::Picture { .. })
    ));
    assert_eq!(picture::format(b"%PDF-1.7"), None);
}
