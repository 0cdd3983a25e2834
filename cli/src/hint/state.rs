//! What to type when a vault is not in the state in which this machine knows it, or a copy of it is not as it should be.

use crate::error::Error;
use crate::start::shape::quoted;

/// Returns the advice for `error`.
pub(super) fn of(error: &Error) -> Option<String> {
    let text = match error {
        Error::Sftp { host, .. } => {
            return Some(format!(
                "what sftp said stands above; try: sftp {host}; ports and keys come from ~/.ssh/config, or -o and --port"
            ));
        }
        Error::SftpDiffers { .. } => {
            "the copies that were there are as they were; look into that machine's disk"
        }
        Error::OldCopy { .. } => {
            "what was changed since would be gone; to have it so: --accept-rollback"
        }
        Error::BlindRestore => "if it is to be gone: --yes; to see it first: keyward list",
        Error::NoCopies { .. } => {
            "make one: keyward backup create FOLDER, or keyward backup push HOST:FOLDER"
        }
        Error::CopyOfAnother { vault, .. } => {
            let path = quoted(vault);
            return Some(format!(
                "to have that vault instead: mv {path} {path}.old, and restore again"
            ));
        }
        Error::NotToMerge => {
            "restore the copy whole, without --records; or open it beside the vault: keyward export --vault COPY NAME --out FILE"
        }
        Error::RetiredKey { path } | Error::ReplacedSlot { path, .. } => {
            return Some(format!(
                "whoever knew a secret of it before may have made it; restore a backup, or if it is yours: keyward list --accept-changed-keys --vault {}",
                quoted(path)
            ));
        }
        Error::Fork { path, .. } | Error::Rollback { path, .. } => {
            return Some(format!(
                "is it an old copy? look for the newer one; if this is the one you want: keyward list --accept-rollback --vault {}",
                quoted(path)
            ));
        }
        _ => return None,
    };
    Some(text.to_owned())
}
