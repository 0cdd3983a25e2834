//! Reads a whole file, opens it, and looks for what is left in it. The digest of the header is made
//! to hold first, so that what is behind it is reached.
#![no_main]

use keyward_vault::{Opener, RecoveryCode, Sealed, salvage};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

/// The recovery code of the vectors.
const CODE: &str = "008J-4CT4-ANK7-F24S-NAXW-SQFE-ZWVJ";

fuzz_target!(|bytes: &[u8]| {
    let mut file = bytes.to_vec();
    if let Some(length) = file.get(12..16) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        if (32..=file.len()).contains(&length) {
            let digest = Sha256::digest(&file[..length - 32]);
            file[length - 32..length].copy_from_slice(&digest);
        }
    }
    if let Ok(sealed) = Sealed::read(file.clone()) {
        let code = RecoveryCode::parse(CODE).unwrap();
        let _ = sealed.unlock(&Opener::RecoveryCode(&code));
    }
    let found = salvage(file, None);
    assert!(found.rescued.is_none());
});
