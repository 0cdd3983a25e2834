//! Where what stands on a page, in millimetres from its upper left corner.

use keyward_vault::paper::Paper;
use qrcode::{Color, EcLevel, QrCode};

use crate::error::Error;

/// The size of the page: A4.
pub(crate) const WIDTH: f32 = 210.0;
pub(crate) const HEIGHT: f32 = 297.0;

/// The least that is left free at the left, where a page is punched, and at the other sides, where printers do not reach.
const MARGIN: f32 = 15.0;

/// Between two codes; with the white of each that is more than the four modules it has to have.
const GAP: f32 = 4.5;

/// How many modules stay white around a code (ISO/IEC 18004 section 9.1).
const QUIET: usize = 4;

/// What one typographic point is.
pub(crate) const POINT: f32 = 25.4 / 72.0;

/// How wide a letter of the typewriter font is, to its size.
const LETTER: f32 = 0.6;

/// The letters of a line, and two for a gap between columns.
const LINE: u16 = 39;

/// Lines that are few stand in one column, in large letters.
const FEW: usize = 26;

/// The longest label, in characters: what fits beside the margin.
const LABEL_MAX: usize = 64;

/// What stands above the codes. None of it is sealed, so none of it says what the key is for, unless the owner wants it to.
#[derive(Debug, Clone)]
pub(crate) struct Caption {
    /// The type of the key, such as `ED25519`.
    pub(crate) key_type: String,
    pub(crate) fingerprint: String,
    /// The day, as `2026-01-31`.
    pub(crate) date: String,
    /// What the owner wants to read there.
    pub(crate) label: Option<String>,
}

/// A page that is drawn.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// What is black.
    pub(crate) bars: Vec<Bar>,
    pub(crate) texts: Vec<Text>,
}

/// A black rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bar {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

/// A line of text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) left: f32,
    /// Where its letters stand.
    pub(crate) base: f32,
    /// In points.
    pub(crate) size: f32,
    pub(crate) font: Font,
    pub(crate) content: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Font {
    Title,
    Prose,
    Typewriter,
}

impl Page {
    /// Draws a paper.
    ///
    /// # Errors
    /// [`Error::Label`], or [`Error::QrCode`], which does not happen.
    pub(crate) fn draw(caption: &Caption, paper: &Paper) -> Result<Self, Error> {
        let mut page = Self::default();
        let top = page.heading(caption)?;
        let top = page.codes(&paper.parts(), top)?;
        let top = page.explanation(paper, top);
        page.lines(&paper.lines(), top);
        Ok(page)
    }

    fn text(&mut self, font: Font, size: f32, (left, base): (f32, f32), content: &str) {
        self.texts.push(Text {
            left,
            base,
            size,
            font,
            content: content.to_owned(),
        });
    }

    /// Writes the heading, and returns where what follows begins.
    fn heading(&mut self, caption: &Caption) -> Result<f32, Error> {
        self.text(Font::Title, 16.0, (MARGIN, 21.0), TITLE);
        let mut base = 28.0;
        for line in caption.lines() {
            self.text(Font::Prose, 10.0, (MARGIN, base), &line);
            base += 5.0;
        }
        if let Some(label) = &caption.label {
            check_label(label)?;
        }
        Ok(base)
    }

    /// Draws the codes side by side, and a line under each.
    fn codes(&mut self, parts: &[String], top: f32) -> Result<f32, Error> {
        let count = parts.len();
        let side = match count {
            1 | 2 => 66.0,
            _ => 57.0,
        };
        let mut left = MARGIN;
        for (index, part) in parts.iter().enumerate() {
            self.code(part, (left, top), side)?;
            let line = format!("QR code {} of {count}", index + 1);
            self.text(Font::Prose, 8.0, (left + 3.0, top + side + 2.0), &line);
            left += side + GAP;
        }
        Ok(top + side + 9.0)
    }

    fn code(&mut self, text: &str, (left, top): (f32, f32), side: f32) -> Result<(), Error> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M);
        let code = code.map_err(|_| Error::QrCode)?;
        let module = side / number(code.width() + 2 * QUIET);
        let colors = code.to_colors();
        for (row, colors) in colors.chunks(code.width().max(1)).enumerate() {
            let mut column = 0;
            // Modules side by side are one bar, so that no light shines through between them.
            for run in colors.chunk_by(|one, other| one == other) {
                if run.first() == Some(&Color::Dark) {
                    self.bars.push(Bar {
                        left: left + module * number(column + QUIET),
                        top: top + module * number(row + QUIET),
                        width: module * number(run.len()),
                        height: module,
                    });
                }
                column += run.len();
            }
        }
        Ok(())
    }

    fn explanation(&mut self, paper: &Paper, top: f32) -> f32 {
        let mut base = top;
        let [secret, lost] = seal(paper);
        for line in [secret, lost]
            .into_iter()
            .chain(FROM_CODES)
            .chain(FROM_LINES)
        {
            self.text(Font::Prose, 9.0, (MARGIN, base), line);
            base += 4.0;
        }
        base + 3.0
    }

    fn lines(&mut self, lines: &[String], top: f32) {
        let (columns, size, pitch) = match lines.len() {
            0..=FEW => (1, 11.0, 4.8),
            _ => (3, 6.5, 2.7),
        };
        let rows = lines.len().div_ceil(columns).max(1);
        let width = f32::from(LINE) * LETTER * size * POINT;
        for (column, lines) in lines.chunks(rows).enumerate() {
            let left = MARGIN + width * number(column);
            for (row, line) in lines.iter().enumerate() {
                let base = top + pitch * number(row);
                self.text(Font::Typewriter, size, (left, base), line);
            }
        }
    }
}

/// The title of every page.
pub(super) const TITLE: &str = "A private SSH key on paper";

impl Caption {
    /// Writes it in lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("{}  {}", self.key_type, self.fingerprint),
            format!("Sealed on {} by keyward", self.date),
        ];
        lines.extend(self.label.clone());
        lines
    }
}

/// Says in words what opens the page.
pub(super) fn seal(paper: &Paper) -> [&'static str; 2] {
    match paper.takes_passphrase() {
        true => [
            "The key is sealed under a passphrase of its own, which is not on this page.",
            "Without that passphrase nobody can read it, and the page is worth nothing.",
        ],
        false => [
            "The key is sealed under a recovery code of its own, which is not on this page.",
            "Without that code nobody can read it, and the page is worth nothing.",
        ],
    }
}

/// Says how the key comes back from the codes.
const FROM_CODES: [&str; 2] = [
    "To restore it from a scan or a photograph of the QR codes (PNG or JPEG, one file or several):",
    "    keyward import FILE",
];

/// Says how the key comes back from the lines.
pub(super) const FROM_LINES: [&str; 4] = [
    "To restore it by hand, type the lines below into a file, in any order: keyward import FILE. Small letters,",
    "O for 0, and I or L for 1 are all right. It says which lines are wrong or missing: the last two symbols",
    "of each check the others. Without keyward: the file vault/FORMAT.md of its sources says in section 9",
    "how to read the lines and open the key; with Argon2id, HKDF-SHA-256 and XChaCha20-Poly1305.",
];

/// Checks that a label can be printed everywhere.
///
/// # Errors
/// [`Error::Label`].
pub(crate) fn check_label(label: &str) -> Result<(), Error> {
    let is_printable = |letter: char| matches!(letter, ' '..='~' | '\u{a0}'..='\u{ff}');
    let length = label.chars().count();
    match length <= LABEL_MAX && label.chars().all(is_printable) {
        true => Ok(()),
        false => Err(Error::Label),
    }
}

/// Returns a small number as what lengths are computed with.
fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}
