//! A page as PDF, with fonts that every reader has (ISO 32000 section 9.6.2.2).

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

use super::page::{Font, HEIGHT, POINT, Page, WIDTH};

const CATALOG: i32 = 1;
const PAGES: i32 = 2;
const PAGE: i32 = 3;
const CONTENT: i32 = 4;

/// The fonts: where they are, and what they are called in the page and to the reader.
const FONTS: [(i32, Font, Name<'static>, Name<'static>); 3] = [
    (5, Font::Title, Name(b"T"), Name(b"Helvetica-Bold")),
    (6, Font::Prose, Name(b"P"), Name(b"Helvetica")),
    (7, Font::Typewriter, Name(b"W"), Name(b"Courier")),
];

/// Writes a page.
pub(super) fn write(page: &Page) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.catalog(Ref::new(CATALOG)).pages(Ref::new(PAGES));
    pdf.pages(Ref::new(PAGES)).kids([Ref::new(PAGE)]).count(1);
    let mut sheet = pdf.page(Ref::new(PAGE));
    sheet.media_box(Rect::new(0.0, 0.0, WIDTH / POINT, HEIGHT / POINT));
    sheet.parent(Ref::new(PAGES));
    sheet.contents(Ref::new(CONTENT));
    let mut resources = sheet.resources();
    let mut fonts = resources.fonts();
    for (place, _, name, _) in FONTS {
        fonts.pair(name, Ref::new(place));
    }
    fonts.finish();
    resources.finish();
    sheet.finish();
    for (place, _, _, base) in FONTS {
        let mut font = pdf.type1_font(Ref::new(place));
        font.base_font(base);
        font.encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.stream(Ref::new(CONTENT), &content(page));
    pdf.finish()
}

fn content(page: &Page) -> Vec<u8> {
    let mut content = Content::new();
    for bar in &page.bars {
        // A page is measured from below here.
        let below = HEIGHT - bar.top - bar.height;
        content.rect(
            bar.left / POINT,
            below / POINT,
            bar.width / POINT,
            bar.height / POINT,
        );
    }
    content.fill_nonzero();
    for text in &page.texts {
        let font = FONTS.iter().find(|(_, font, ..)| *font == text.font);
        let name = font.map_or(Name(b"P"), |(_, _, name, _)| *name);
        content.begin_text();
        content.set_font(name, text.size);
        content.next_line(text.left / POINT, (HEIGHT - text.base) / POINT);
        content.show(Str(&encoded(&text.content)));
        content.end_text();
    }
    content.finish().to_vec()
}

/// Writes text as Latin-1, which its encoding agrees with for all letters that a page has.
fn encoded(text: &str) -> Vec<u8> {
    let byte = |letter: char| u8::try_from(u32::from(letter)).unwrap_or(b'?');
    text.chars().map(byte).collect()
}
