//! Faults of the file and its headers.

use sha2::{Digest, Sha256};

use super::{Cases, base, changed};
use crate::builder::{Parts, hmac};
use crate::private::string;

pub(crate) fn add(cases: &mut Cases) {
    not_a_vault(cases);
    unsupported(cases);
    fields(cases);
    extensions(cases);
    file(cases);
    forged(cases);
}

fn with_file(edit: impl Fn(&mut Vec<u8>) + 'static) -> Parts {
    changed(|parts| parts.file = Box::new(edit))
}

/// A change to both headers before their MAC: whoever knows the vault key could write it.
fn with_header(edit: impl Fn(&mut Vec<u8>) + 'static) -> Parts {
    changed(|parts| parts.header[0] = Box::new(edit))
}

fn not_a_vault(cases: &mut Cases) {
    let mut other = |name: &str, comment: &str, bytes: &'static [u8]| {
        let parts = with_file(move |file| *file = bytes.to_vec());
        cases.bad(name, comment, "not-a-vault", &parts);
    };
    other("not-empty", "nothing at all", b"");
    other("not-one-byte", "one byte", b"\x89");
    other(
        "not-text",
        "a text",
        b"a vault is one file that holds private keys encrypted\n",
    );
    other(
        "not-openssh",
        "a private key",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
    );
    other("not-zeros", "zeros", &[0; 2_048]);
    let parts = with_file(|file| {
        file[1] ^= 1;
        *file.last_mut().unwrap() ^= 1;
    });
    cases.bad(
        "not-both-magics",
        "a whole vault with both magics damaged",
        "not-a-vault",
        &parts,
    );
    let parts = with_file(|file| {
        let mut lines = file
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>();
        lines.iter_mut().for_each(|line| line.push(b'\r'));
        *file = lines.join(&b'\n');
    });
    cases.bad(
        "not-line-ends",
        "a vault whose line ends were translated",
        "not-a-vault",
        &parts,
    );
}

fn unsupported(cases: &mut Cases) {
    let mut field = |name: &str, comment: &str, offset: usize, value: &'static [u8]| {
        let parts =
            with_header(move |header| header[offset..offset + value.len()].copy_from_slice(value));
        cases.bad(name, comment, "unsupported", &parts);
    };
    field("unsupported-major-0", "major version 0", 8, &[0, 0]);
    field("unsupported-major-2", "major version 2", 8, &[0, 2]);
    field("unsupported-major-257", "major version 257", 8, &[1, 1]);
    field(
        "unsupported-critical-lowest",
        "the lowest critical flag",
        40,
        &[0, 0, 0, 1],
    );
    field(
        "unsupported-critical-highest",
        "the highest critical flag",
        40,
        &[0x80, 0, 0, 0],
    );
    field("unsupported-suite-0", "suite 0", 48, &[0, 0]);
    field("unsupported-suite-2", "suite 2", 48, &[0, 2]);
    let parts = changed(|parts| parts.extensions = [&[0, 7, 0, 1][..], &string(b"value")].concat());
    cases.bad(
        "unsupported-extension",
        "a critical extension",
        "unsupported",
        &parts,
    );
    let parts = changed(|parts| {
        let optional = [&[0, 7, 0, 0][..], &string(b"value")].concat();
        parts.extensions = [&optional[..], &[255, 255, 0, 1], &string(b"")].concat();
    });
    cases.bad(
        "unsupported-second-extension",
        "a critical extension after another",
        "unsupported",
        &parts,
    );
}

fn fields(cases: &mut Cases) {
    let mut field = |name: &str, comment: &str, offset: usize, value: &'static [u8]| {
        let parts =
            with_header(move |header| header[offset..offset + value.len()].copy_from_slice(value));
        cases.bad(name, comment, "damaged", &parts);
    };
    field("damaged-generation-0", "generation 0", 32, &[0; 8]);
    field("damaged-slots-0", "no slot", 50, &[0, 0]);
    field("damaged-slots-2", "more slots than there are", 50, &[0, 2]);
    field("damaged-slots-33", "33 slots", 50, &[0, 33]);
    field("damaged-records-65537", "65537 records", 52, &[0, 1, 0, 1]);
    field("damaged-records-most", "2^32 - 1 records", 52, &[255; 4]);
    field(
        "damaged-records-more",
        "more records than there are",
        52,
        &[0, 0, 0, 3],
    );
    field(
        "damaged-records-fewer",
        "fewer records than there are",
        52,
        &[0, 0, 0, 1],
    );
    field("damaged-records-0", "no record is counted", 52, &[0; 4]);
    field("damaged-body-0", "a body of no bytes", 56, &[0; 8]);
    field(
        "damaged-body-shorter",
        "a body shorter by one",
        56,
        &[0, 0, 0, 0, 0, 0, 7, 67],
    );
    field(
        "damaged-body-longer",
        "a body longer by one",
        56,
        &[0, 0, 0, 0, 0, 0, 7, 69],
    );
    field(
        "damaged-body-most",
        "a body of 2^64 - 1 bytes",
        56,
        &[255; 8],
    );
    field("damaged-body-digest", "another body digest", 128, &[0; 32]);
    field("damaged-length-0", "a header of no bytes", 12, &[0; 4]);
    field(
        "damaged-length-223",
        "a header shorter than any",
        12,
        &[0, 0, 0, 223],
    );
    field(
        "damaged-length-shorter",
        "a header shorter than it is",
        12,
        &[0, 0, 1, 0xaf],
    );
    field(
        "damaged-length-65537",
        "a header longer than it may be",
        12,
        &[0, 1, 0, 1],
    );
    field(
        "damaged-length-most",
        "a header of 2^32 - 1 bytes",
        12,
        &[255; 4],
    );
    let parts = changed(|parts| {
        parts.generation = 1;
        parts
            .records
            .iter_mut()
            .for_each(|record| record.version = 1);
    });
    cases.bad(
        "damaged-previous",
        "something came before generation 1",
        "damaged",
        &parts,
    );
    let parts = changed(|parts| {
        let longest = 65_536 - 432;
        parts.extensions = [&[0, 7, 0, 0][..], &string(&vec![0; longest - 8])].concat();
    });
    cases.good("good-longest-header", "a header of 65536 bytes", &parts);
}

fn extensions(cases: &mut Cases) {
    let mut extension = |name: &str, comment: &str, bytes: &'static [u8]| {
        let parts = changed(|parts| parts.extensions = bytes.to_vec());
        cases.bad(name, comment, "damaged", &parts);
    };
    extension(
        "damaged-extension-flags",
        "an extension with an unknown flag",
        &[0, 7, 0, 2, 0, 0, 0, 0],
    );
    extension(
        "damaged-extension-both-flags",
        "an extension with all flags",
        &[0, 7, 255, 255, 0, 0, 0, 0],
    );
    extension(
        "damaged-extension-short",
        "an extension that ends within its head",
        &[0, 7, 0],
    );
    extension(
        "damaged-extension-value",
        "an extension longer than the header",
        &[0, 7, 0, 0, 0, 0, 0, 2, 1],
    );
    extension(
        "damaged-extension-most",
        "an extension of 2^32 - 1 bytes",
        &[0, 7, 0, 0, 255, 255, 255, 255],
    );
    extension(
        "damaged-extension-rest",
        "bytes after an extension",
        &[0, 7, 0, 0, 0, 0, 0, 1, 9, 0],
    );
}

fn file(cases: &mut Cases) {
    let mut edit = |name: &str, comment: &str, edit: fn(&mut Vec<u8>)| {
        cases.bad(name, comment, "damaged", &with_file(edit));
    };
    edit("damaged-truncated-1", "the last byte is missing", |file| {
        file.truncate(file.len() - 1)
    });
    edit("damaged-truncated-trailer", "the end is missing", |file| {
        file.truncate(file.len() - 12)
    });
    edit("damaged-truncated-twin", "the twin is missing", |file| {
        file.truncate(file.len() - 444)
    });
    edit(
        "damaged-truncated-half",
        "the second half is missing",
        |file| file.truncate(file.len() / 2),
    );
    edit(
        "damaged-truncated-header",
        "only a header is left",
        |file| file.truncate(432),
    );
    edit(
        "damaged-truncated-magic",
        "only the magic is left",
        |file| file.truncate(8),
    );
    edit("damaged-start", "the first byte is missing", |file| {
        file.rotate_left(1);
        file.truncate(file.len() - 1)
    });
    edit("damaged-appended", "a byte after the end", |file| {
        file.push(0)
    });
    edit(
        "damaged-appended-zeros",
        "a block of zeros after the end",
        |file| file.resize(4_096, 0),
    );
    edit("damaged-prepended", "a byte before the start", |file| {
        file.insert(0, 0)
    });
    edit(
        "damaged-inserted",
        "a byte between the last record and the twin",
        |file| file.insert(file.len() - 444, 0),
    );
    edit("damaged-twice", "the file twice", |file| {
        file.extend(file.clone())
    });
    edit("damaged-both-headers", "both headers are damaged", |file| {
        let twin = file.len() - 12 - 432;
        file[300] ^= 1;
        file[twin + 301] ^= 1;
    });
    edit("damaged-only-end", "only the end is left", |file| {
        drop(file.drain(..file.len() - 444))
    });
    edit(
        "damaged-header-and-record",
        "the first header and a record are damaged",
        |file| {
            file[300] ^= 1;
            file[432 + 620 + 100] ^= 1;
        },
    );
    let parts = with_file(|file| {
        // A twin that holds by itself, of a generation later.
        let start = file.len() - 12 - 432;
        let end = start + 432;
        file[start + 39] += 1;
        let digest = Sha256::digest(&file[start..end - 32]);
        file[end - 32..end].copy_from_slice(&digest);
    });
    cases.bad(
        "damaged-headers-differ",
        "both headers hold and differ",
        "damaged",
        &parts,
    );
}

fn forged(cases: &mut Cases) {
    let mut after_mac = |name: &str, comment: &str, edit: fn(&mut Vec<u8>)| {
        let parts = changed(|parts| parts.header[1] = Box::new(edit));
        cases.bad(name, comment, "forged", &parts);
    };
    after_mac("forged-mac", "the MAC is another", |header| {
        *header.last_mut().unwrap() ^= 1
    });
    after_mac("forged-mac-zeros", "the MAC is zeros", |header| {
        let start = header.len() - 32;
        header[start..].fill(0);
    });
    after_mac("forged-minor", "the minor version was changed", |header| {
        header[11] = 1
    });
    after_mac(
        "forged-optional-flags",
        "an optional flag was set",
        |header| header[47] = 1,
    );
    after_mac(
        "forged-previous",
        "the digest of the generation before was changed",
        |header| header[96] ^= 1,
    );
    let parts = changed(|parts| {
        // A header key that is not made from the vault key.
        parts.header[1] = Box::new(|header| {
            let start = header.len() - 32;
            let mac = hmac(&[0; 32], &header[..start]);
            header[start..].copy_from_slice(&mac);
        });
    });
    cases.bad(
        "forged-mac-key",
        "the MAC was made with another key",
        "forged",
        &parts,
    );
    let parts = changed(|parts| {
        parts.header[1] = Box::new(|header| {
            let extension = [&[0, 7, 0, 0][..], &string(b"value")].concat();
            let mac = header.len() - 32;
            header.splice(mac..mac, extension);
            let length = (header.len() + 32) as u32;
            header[12..16].copy_from_slice(&length.to_be_bytes());
        });
        parts.file = Box::new(|_| {});
    });
    cases.bad(
        "forged-extension",
        "an extension was added",
        "forged",
        &parts,
    );
    let parts = base();
    let mut parts = Parts {
        extensions: [&[0, 7, 0, 0][..], &string(b"value")].concat(),
        ..parts
    };
    parts.header[1] = Box::new(|header| {
        let mac = header.len() - 32;
        drop(header.drain(mac - 13..mac));
        let length = (header.len() + 32) as u32;
        header[12..16].copy_from_slice(&length.to_be_bytes());
    });
    cases.bad(
        "forged-extension-gone",
        "an extension was taken out",
        "forged",
        &parts,
    );
    let parts = changed(|parts| {
        parts.header[1] = Box::new(|header| header[32..40].copy_from_slice(&3_u64.to_be_bytes()));
        parts.body = Box::new(|blocks| {
            // The manifest's version has to be the generation, for the file to hold.
            let manifest = &mut blocks[0];
            let end = manifest.len() - 32;
            manifest[24..32].copy_from_slice(&3_u64.to_be_bytes());
            let digest = Sha256::digest(&manifest[..end]);
            manifest[end..].copy_from_slice(&digest);
        });
    });
    cases.bad(
        "forged-generation",
        "the generation was raised",
        "forged",
        &parts,
    );
}
