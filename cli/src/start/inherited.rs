//! Closes what the agent's starter had open.
//!
//! An agent lives on: a pipe it kept open would make the reader at its other end wait for ever.

/// Closes every descriptor but the standard ones and `keep`.
///
/// It is called before the agent opens anything of its own and before it has a second thread.
pub(super) fn close(keep: Option<i32>) {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        tracing::debug!("descriptors stay open: /proc is not there");
        return;
    };
    let open: Vec<i32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2 && Some(*descriptor) != keep)
        .collect();
    for descriptor in open {
        // The one that listed the directory is among them, and closed by now.
        let _ = nix::unistd::close(descriptor);
    }
}
