//! The lines a shell evaluates to find the agent, or to forget it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::environment::{AGENT_PID, AUTH_SOCK};

/// The family of shells the lines are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// sh, bash, zsh and their like.
    Bourne,
    /// csh and tcsh.
    C,
}

impl Shape {
    /// Chooses by the value of `SHELL`, as OpenSSH does: C when it ends in `csh`.
    pub(super) fn of_shell(shell: Option<OsString>) -> Self {
        if shell.is_some_and(|shell| shell.as_bytes().ends_with(b"csh")) {
            Self::C
        } else {
            Self::Bourne
        }
    }

    /// Returns the lines that lead to the agent `pid` at `socket`.
    ///
    /// An agent in the foreground is ended by its terminal: `with_pid` is then false, and the
    /// line that would let `-k` find it is left out.
    pub(super) fn announce(self, socket: &OsStr, pid: u32, with_pid: bool) -> Vec<u8> {
        let mut text = self.assign(AUTH_SOCK, socket);
        let pid = pid.to_string();
        if with_pid {
            text.extend(self.assign(AGENT_PID, OsStr::new(&pid)));
        }
        text.extend(format!("echo Agent pid {pid};\n").into_bytes());
        text
    }

    /// Returns the lines that forget the agent `pid`, which was ended.
    pub(super) fn forget(self, pid: i32) -> String {
        let unset = match self {
            Self::Bourne => "unset",
            Self::C => "unsetenv",
        };
        format!("{unset} {AUTH_SOCK};\n{unset} {AGENT_PID};\necho Agent pid {pid} killed;\n")
    }

    fn assign(self, variable: &str, value: &OsStr) -> Vec<u8> {
        let value = self.quote(value.as_bytes());
        match self {
            Self::Bourne => [
                variable.as_bytes(),
                b"=",
                &value,
                b"; export ",
                variable.as_bytes(),
                b";\n",
            ]
            .concat(),
            Self::C => [b"setenv ", variable.as_bytes(), b" ", &value, b";\n"].concat(),
        }
    }

    /// Quotes what a shell would read otherwise.
    ///
    /// The lines are evaluated: a path with `$(…)`, which OpenSSH leaves alone, would be run.
    pub(crate) fn quote(self, value: &[u8]) -> Vec<u8> {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%=~".contains(byte);
        if value.iter().all(is_plain) && !value.starts_with(b"~") {
            return value.to_vec();
        }
        let mut quoted = vec![b'\''];
        for byte in value {
            match byte {
                b'\'' => quoted.extend(b"'\\''"),
                // The C shell expands history and ends lines inside of quotes too.
                b'!' | b'\n' if self == Self::C => quoted.extend([b'\\', *byte]),
                _ => quoted.push(*byte),
            }
        }
        quoted.push(b'\'');
        quoted
    }
}

/// Writes a path as a shell and the program that it is given to read it.
pub(crate) fn quoted(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let prefix: &[u8] = if bytes.starts_with(b"-") { b"./" } else { b"" };
    let quoted = Shape::Bourne.quote(&[prefix, bytes].concat());
    String::from_utf8_lossy(&quoted).into_owned()
}

/// Writes the name of a key as a shell and keyward read it, the last word of a command.
pub(crate) fn quoted_name(name: &str) -> String {
    let quoted = Shape::Bourne.quote(name.as_bytes());
    let prefix = if name.starts_with('-') { "-- " } else { "" };
    format!("{prefix}{}", String::from_utf8_lossy(&quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(shape: Shape, socket: &str, with_pid: bool) -> String {
        String::from_utf8(shape.announce(OsStr::new(socket), 12, with_pid)).unwrap()
    }

    #[test]
    fn bourne_lines_are_those_of_openssh() {
        assert_eq!(
            announced(Shape::Bourne, "/tmp/ssh-x/agent.11", true),
            "SSH_AUTH_SOCK=/tmp/ssh-x/agent.11; export SSH_AUTH_SOCK;\n\
             SSH_AGENT_PID=12; export SSH_AGENT_PID;\n\
             echo Agent pid 12;\n"
        );
    }

    #[test]
    fn c_lines_are_those_of_openssh() {
        assert_eq!(
            announced(Shape::C, "/tmp/ssh-x/agent.11", true),
            "setenv SSH_AUTH_SOCK /tmp/ssh-x/agent.11;\n\
             setenv SSH_AGENT_PID 12;\n\
             echo Agent pid 12;\n"
        );
    }

    #[test]
    fn foreground_lines_have_no_pid_to_kill() {
        assert_eq!(
            announced(Shape::Bourne, "/s", false),
            "SSH_AUTH_SOCK=/s; export SSH_AUTH_SOCK;\necho Agent pid 12;\n"
        );
    }

    #[test]
    fn forgetting_unsets_both_variables() {
        assert_eq!(
            Shape::Bourne.forget(12),
            "unset SSH_AUTH_SOCK;\nunset SSH_AGENT_PID;\necho Agent pid 12 killed;\n"
        );
        assert_eq!(
            Shape::C.forget(12),
            "unsetenv SSH_AUTH_SOCK;\nunsetenv SSH_AGENT_PID;\necho Agent pid 12 killed;\n"
        );
    }

    #[test]
    fn paths_a_shell_would_run_are_quoted() {
        assert_eq!(Shape::Bourne.quote(b"/a b/$(id)"), b"'/a b/$(id)'");
        assert_eq!(Shape::Bourne.quote(b"/it's"), b"'/it'\\''s'");
        assert_eq!(Shape::C.quote(b"/a!b"), b"'/a\\!b'");
        assert_eq!(Shape::Bourne.quote(b"~x"), b"'~x'");
    }

    #[test]
    fn shell_decides_the_shape() {
        for (shell, shape) in [
            ("/bin/tcsh", Shape::C),
            ("csh", Shape::C),
            ("/bin/bash", Shape::Bourne),
            ("sh", Shape::Bourne),
            ("", Shape::Bourne),
        ] {
            assert_eq!(Shape::of_shell(Some(shell.into())), shape, "{shell}");
        }
        assert_eq!(Shape::of_shell(None), Shape::Bourne);
    }
}
