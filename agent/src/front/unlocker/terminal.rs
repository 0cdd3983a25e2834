//! The terminal of a process, to ask a person there.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// How many bytes of `/proc/PID/stat` are read; the terminal stands in the first 128.
const STAT_MAX: usize = 256;

/// Device numbers of terminals (`Documentation/admin-guide/devices.txt` of Linux).
const CONSOLE_MAJOR: u32 = 4;
const CONSOLES: core::ops::RangeInclusive<u32> = 1..=63;
const PSEUDO_MAJORS: core::ops::RangeInclusive<u32> = 136..=143;

/// Returns the terminal in whose foreground a process is; none for one in the background, which has no
/// right to be typed to, and for one without a terminal.
pub fn of_foreground(pid: i32) -> Option<PathBuf> {
    let mut stat = [0; STAT_MAX];
    let length = File::open(format!("/proc/{pid}/stat"))
        .and_then(|mut file| file.read(&mut stat))
        .ok()?;
    parse(stat.get(..length)?)
}

/// Takes the terminal from `PID (NAME) STATE PARENT GROUP SESSION TERMINAL FOREGROUND ...`
/// (proc_pid_stat(5)). The name may hold anything; nothing after it can hold a bracket.
fn parse(stat: &[u8]) -> Option<PathBuf> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = core::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let mut fields = fields.split_ascii_whitespace().skip(2);
    let group: i32 = fields.next()?.parse().ok()?;
    let device: i32 = fields.nth(1)?.parse().ok()?;
    let foreground: i32 = fields.next()?.parse().ok()?;
    if group != foreground {
        return None;
    }
    path(u32::from_ne_bytes(device.to_ne_bytes()))
}

/// Names the terminal with a device number as the kernel encodes it (`new_encode_dev`).
fn path(device: u32) -> Option<PathBuf> {
    let major = device >> 8 & 0xfff;
    let minor = device & 0xff | device >> 12 & 0xf_ff00;
    if PSEUDO_MAJORS.contains(&major) {
        let number = (major - PSEUDO_MAJORS.start()) * 256 + minor;
        return Some(PathBuf::from(format!("/dev/pts/{number}")));
    }
    let is_console = major == CONSOLE_MAJOR && CONSOLES.contains(&minor);
    is_console.then(|| PathBuf::from(format!("/dev/tty{minor}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stat: &str) -> Option<String> {
        parse(stat.as_bytes()).map(|path| path.display().to_string())
    }

    #[test]
    fn names_pseudo_terminals_and_consoles() {
        assert_eq!(
            of("7 (ssh) S 5 7 3 34816 7 4194304 0").unwrap(),
            "/dev/pts/0"
        );
        assert_eq!(of("7 (ssh) S 5 7 3 34819 7 0").unwrap(), "/dev/pts/3");
        assert_eq!(of("7 (ssh) S 5 7 3 1083400 7 0").unwrap(), "/dev/pts/264");
        assert_eq!(of("7 (ssh) S 5 7 3 1026 7 0").unwrap(), "/dev/tty2");
    }

    #[test]
    fn process_in_the_background_or_without_a_terminal_has_none() {
        for stat in [
            "7 (ssh) S 5 7 3 34816 9 0",
            "7 (ssh) S 5 7 3 0 -1 0",
            "7 (ssh) S 5 7 3 1088 7 0",
            "7 (ssh) S 5 7",
            "",
        ] {
            assert_eq!(of(stat), None, "{stat}");
        }
    }

    #[test]
    fn name_with_brackets_does_not_choose_the_terminal() {
        let stat = "7 (a) S 5 7 3 34816 7 0 (b) S 5 7 3 34819 7 0";
        assert_eq!(of(stat).unwrap(), "/dev/pts/3");
    }

    #[test]
    fn process_that_is_gone_has_none() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        assert_eq!(of_foreground(pid), None);
    }
}
