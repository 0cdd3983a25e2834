//! Keys on paper among the files of an import: pictures of pages, and lines that were typed.

use std::path::{Path, PathBuf};

use keyward_vault::import;
use keyward_vault::paper::{self, Paper, Part, Scanned, assemble};

use super::candidates::Candidate;
use crate::error::Error;
use crate::paper::picture;
use crate::vault::files;

/// How much of a file tells whether it is a picture, in bytes.
const HEAD: usize = 16;

/// What a file turned out to be.
enum Sifted {
    KeyFile,
    Whole(Paper),
    Parts(Vec<Part>),
}

/// Parts of one paper, and the files that they are from.
struct Group {
    paths: Vec<PathBuf>,
    parts: Vec<Part>,
}

/// Takes the papers out of the candidates, and puts those together whose parts are in several files. What a picture holds is read
/// here, before a vault is open.
pub(super) fn sift(
    candidates: Vec<Candidate>,
    failed: &mut dyn FnMut(&Path, Error),
) -> (Vec<Candidate>, Vec<(PathBuf, Paper)>) {
    let mut others = Vec::new();
    let mut papers = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for candidate in candidates {
        match read(&candidate.path) {
            Ok(Sifted::KeyFile) => others.push(candidate),
            Ok(Sifted::Whole(paper)) => papers.push((candidate.path, paper)),
            Ok(Sifted::Parts(parts)) => {
                for part in parts {
                    add(&mut groups, &candidate.path, part);
                }
            }
            Err(error) => failed(&candidate.path, error),
        }
    }
    for Group { paths, parts } in groups {
        let first = paths.first().cloned().unwrap_or_default();
        match assemble(&parts) {
            Ok(paper) => papers.push((first, paper)),
            Err(error) => failed(&first, error.into()),
        }
    }
    (others, papers)
}

fn add(groups: &mut Vec<Group>, path: &Path, part: Part) {
    let is_its = |group: &&mut Group| {
        let first = group.parts.first();
        first.is_some_and(|first| first.is_of_the_same(&part))
    };
    match groups.iter_mut().find(is_its) {
        Some(group) => {
            group.paths.push(path.to_path_buf());
            group.parts.push(part);
        }
        None => groups.push(Group {
            paths: vec![path.to_path_buf()],
            parts: vec![part],
        }),
    }
}

fn read(path: &Path) -> Result<Sifted, Error> {
    // What cannot be read is reported where key files are.
    let head = files::head(path, HEAD).unwrap_or_default();
    if let Some(format) = picture::format(&head) {
        return Ok(Sifted::Parts(picture::parts(path, format)?));
    }
    let Ok(bytes) = files::read(path) else {
        return Ok(Sifted::KeyFile);
    };
    let Ok(text) = core::str::from_utf8(&bytes) else {
        return Ok(Sifted::KeyFile);
    };
    if !paper::are_meant(text) || import::recognise(&bytes).is_ok() {
        return Ok(Sifted::KeyFile);
    }
    Ok(match paper::read_text(text)? {
        Scanned::Parts(parts) => Sifted::Parts(parts),
        Scanned::Whole(paper) => Sifted::Whole(paper),
        _ => Sifted::KeyFile,
    })
}
