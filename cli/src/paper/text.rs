//! A page as text: what is no line of the key begins with `#`, so that the file can be imported as it is.

use keyward_vault::paper::Paper;

use super::page::{Caption, FROM_LINES, TITLE, seal};

/// Writes a page.
pub(super) fn write(caption: &Caption, paper: &Paper) -> String {
    let mut text = format!("# {TITLE}\n#\n");
    let prose = caption.lines().into_iter();
    let prose = prose.chain([String::new()]);
    let prose = prose.chain(seal(paper).map(str::to_owned));
    let prose = prose.chain(FROM_LINES.map(str::to_owned));
    for line in prose {
        let line = format!("# {line}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for line in paper.lines() {
        text.push('\n');
        text.push_str(&line);
    }
    text.push('\n');
    text
}
