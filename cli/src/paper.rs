//! A key on a page of paper: drawing the page, writing it as SVG, PDF or text, and reading pictures of it.
//!
//! Everything here is sealed already or public: no secret passes through.

pub(crate) mod page;
mod svg;
mod pdf;
mod text;
pub(crate) mod picture;

use page::{Caption, Page};

use keyward_vault::paper::Paper;

use crate::error::Error;

/// What a page is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Pdf,
    Txt,
}

impl Format {
    /// Finds the format of a name, which is the ending of its files too.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Svg, Self::Pdf, Self::Txt];
        let is_named = |format: &Self| format.name().eq_ignore_ascii_case(name);
        all.into_iter().find(is_named)
    }

    /// Returns its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Txt => "txt",
        }
    }
}

/// Writes a page.
///
/// # Errors
/// [`Error::Label`].
pub(crate) fn write(format: Format, caption: &Caption, paper: &Paper) -> Result<Vec<u8>, Error> {
    if format == Format::Txt {
        return Ok(text::write(caption, paper).into_bytes());
    }
    let page = Page::draw(caption, paper)?;
    Ok(match format {
        Format::Pdf => pdf::write(&page),
        _ => svg::write(&page).into_bytes(),
    })
}

#[cfg(test)]
mod tests;
