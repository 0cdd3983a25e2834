//! Reads a key on paper: as lines or the texts of QR codes, and as bytes whose length and digest are made to hold.
#![no_main]

use keyward_vault::paper::{Paper, Scanned, are_meant, assemble, read_text};
use keyward_vault::{Opener, RecoveryCode};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

/// The recovery code of the vectors.
const CODE: &str = "CDQP-8S90-DXK2-0XK5-CDT6-YWKK-5RFQ";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = are_meant(text);
        let paper = match read_text(text) {
            Ok(Scanned::Whole(paper)) => Some(paper),
            Ok(Scanned::Parts(parts)) => assemble(&parts).ok(),
            _ => None,
        };
        if let Some(paper) = paper {
            check(&paper);
        }
    }
    let mut made = bytes.to_vec();
    if made.len() > 24 {
        made[6..8].copy_from_slice(&(bytes.len() as u16).to_be_bytes());
        let end = made.len() - 16;
        let digest = Sha256::digest(&made[..end]);
        made[end..].copy_from_slice(&digest[..16]);
        if let Ok(paper) = Paper::read(made) {
            check(&paper);
            let _ = paper.open(&Opener::RecoveryCode(&RecoveryCode::parse(CODE).unwrap()));
        }
    }
});

/// Writes it in both forms and reads it again.
fn check(paper: &Paper) {
    for text in [paper.lines().join("\n"), paper.parts().join("\n")] {
        assert!(are_meant(&text));
        let read = match read_text(&text).unwrap() {
            Scanned::Whole(read) => read,
            Scanned::Parts(parts) => assemble(&parts).unwrap(),
            _ => unreachable!(),
        };
        assert_eq!(read.bytes(), paper.bytes());
    }
}
