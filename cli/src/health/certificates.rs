//! Certificates that end.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use keyward_vault::import::Certificate;

use super::{Kind, Level, Review};

/// How long before its end a certificate is spoken of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Says of a certificate that it has ended, or will soon.
pub(super) fn look(certificate: &Certificate, about: (Kind, &str), review: &mut Review) {
    // One without an end has the largest number there is, which is no time.
    let end = i64::try_from(certificate.valid_before());
    let Some(end) = end.ok().and_then(|end| Timestamp::from_second(end).ok()) else {
        return;
    };
    let left = end.duration_since(super::now());
    let day = end.strftime("%Y-%m-%d");
    let verb = match () {
        () if left > SOON => return,
        () if left.is_negative() || left.is_zero() => "ended",
        () => "ends",
    };
    let key_id = String::from_utf8_lossy(certificate.key_id());
    let message =
        format!("its certificate {key_id:?} {verb} on {day}: ask its authority for another");
    let fix = match about.0 {
        Kind::Key => format!(
            "keyward edit --certificate FILE {}",
            super::quoted_name(about.1)
        ),
        _ => format!("ssh-keygen -L -f {}", super::quoted(Path::new(about.1))),
    };
    review.add(Level::Wrong, "certificate-ends", about, (message, fix));
}
