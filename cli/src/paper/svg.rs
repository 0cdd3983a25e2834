//! A page as SVG 1.1.

use core::fmt::Write;

use super::page::{Font, HEIGHT, POINT, Page, WIDTH};

/// Writes a page.
pub(super) fn write(page: &Page) -> String {
    let mut svg = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}mm\" height=\"{HEIGHT}mm\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <path shape-rendering=\"crispEdges\" d=\"\n"
    );
    for bar in &page.bars {
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "M{:.3} {:.3}h{:.3}v{:.3}h-{:.3}z",
            bar.left, bar.top, bar.width, bar.height, bar.width
        );
    }
    svg.push_str("\"/>\n");
    for text in &page.texts {
        let font = match text.font {
            Font::Title => "font-family=\"Helvetica,Arial,sans-serif\" font-weight=\"bold\"",
            Font::Prose => "font-family=\"Helvetica,Arial,sans-serif\"",
            Font::Typewriter => "font-family=\"Courier,'Courier New',monospace\"",
        };
        let _ = writeln!(
            svg,
            "<text x=\"{:.2}\" y=\"{:.2}\" font-size=\"{:.2}\" {font} xml:space=\"preserve\">{}</text>",
            text.left,
            text.base,
            text.size * POINT,
            escaped(&text.content)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
