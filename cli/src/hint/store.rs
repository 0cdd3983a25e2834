//! What to type when the vault's file, its folder or the disk is not as it should be.

use std::io::{self, ErrorKind};
use std::path::Path;

use keyward_vault::store::Error;

use crate::start::shape::quoted;

/// For whom changing the mode changes nothing.
const MODELESS: &str = "# where the file system keeps no modes (FAT), mount it with umask=077";

/// Returns the advice for `error`.
pub(super) fn of(error: &Error) -> Option<String> {
    let text = match error {
        Error::Busy {
            holder: Some(process),
            ..
        } => format!("nothing was saved; try again, or see what it does: ps -p {process}"),
        Error::Busy { holder: None, .. } => "nothing was saved; try again".to_owned(),
        Error::Changing { .. } => {
            "try again when the program that writes it, perhaps a synchronisation, is done"
                .to_owned()
        }
        Error::DanglingLink { path, .. } => format!(
            "mount what it leads to; or if that is gone for good: rm {}",
            quoted(path)
        ),
        Error::Differs { .. } | Error::Rejected { .. } => {
            "nothing was saved; the disk does not keep what it is given: look into its log (dmesg)"
                .to_owned()
        }
        Error::Disk { path, source, .. } => return of_disk(path, source),
        Error::Exists { .. } => {
            "choose another path with --vault, or move away what is there".to_owned()
        }
        Error::FolderMode { path, .. } => format!("chmod go-w {}", quoted(path)),
        Error::FolderOwner { path, user, .. } => format!(
            "keep the vault in a folder of your own with --vault PATH, or: sudo chown {user} {}",
            quoted(path)
        ),
        Error::ForeignLink { path, .. } | Error::LinkToLink { path, .. } => format!(
            "if you trust it, name the file itself: --vault \"$(readlink -f {})\"",
            quoted(path)
        ),
        Error::HardLinks { path, .. } => {
            let path = quoted(path);
            format!("give it a file of its own: cp -p {path} {path}.new && mv {path}.new {path}")
        }
        Error::Missing { path } => format!("mkdir -m 700 -p {}", quoted(path)),
        Error::Mode { path, .. } => format!("chmod 600 {} {MODELESS}", quoted(path)),
        Error::NoName { .. } | Error::NotAFile { .. } | Error::TooLong { .. } => {
            "name the vault's file with --vault PATH".to_owned()
        }
        Error::Owner { path, user, .. } => {
            format!("if it is yours: sudo chown {user} {}", quoted(path))
        }
        Error::TooLarge { .. } => "it is no vault; name the vault with --vault PATH".to_owned(),
        Error::Unconfirmed { .. } => "it is saved; to be certain: sync".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// A disk that fails a save leaves the file as it was.
fn of_disk(path: &Path, source: &io::Error) -> Option<String> {
    let text = match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "nothing was changed; make room on the disk, and run the command again".to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => {
            "nothing was changed; the file system is mounted to be read only".to_owned()
        }
        ErrorKind::PermissionDenied => {
            format!("see whose it is, and its mode: ls -ld {}", quoted(path))
        }
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use keyward_vault::store::Operation;

    use super::*;

    #[test]
    fn commands_name_the_path_as_a_shell_reads_it() {
        let path = || PathBuf::from("/home/me/it's mine");
        let mode = Error::Mode {
            path: path(),
            mode: 0o644,
        };
        assert_eq!(
            of(&mode).unwrap(),
            r"chmod 600 '/home/me/it'\''s mine' # where the file system keeps no modes (FAT), mount it with umask=077"
        );
        let folder = Error::FolderMode {
            path: path(),
            mode: 0o777,
        };
        assert_eq!(of(&folder).unwrap(), r"chmod go-w '/home/me/it'\''s mine'");
    }

    #[test]
    fn full_disk_is_told_from_a_foreign_file() {
        let disk = |source: ErrorKind| Error::Disk {
            operation: Operation::Write,
            path: "/v".into(),
            source: source.into(),
        };
        assert!(of(&disk(ErrorKind::StorageFull)).unwrap().contains("room"));
        let denied = of(&disk(ErrorKind::PermissionDenied)).unwrap();
        assert!(denied.ends_with("ls -ld /v"), "{denied}");
        assert_eq!(of(&disk(ErrorKind::Other)), None);
    }
}
