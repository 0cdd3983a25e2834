//! Certificates that end.

use jiff::Timestamp;
use keyward_vault::import::Certificate;

use super::{Kind, Level, Review};

/// How many days before its end a certificate is spoken of.
const SOON_DAYS: i64 = 30;

/// Says of a certificate that it has ended, or will soon.
pub(super) fn look(certificate: &Certificate, about: (Kind, &str), review: &mut Review) {
    // One without an end has the largest number there is, which is no time.
    let end = i64::try_from(certificate.valid_before());
    let Some(end) = end.ok().and_then(|end| Timestamp::from_second(end).ok()) else {
        return;
    };
    let left = -super::days_since(end);
    let day = end.strftime("%Y-%m-%d");
    let message = match end.as_second() {
        _ if left > SOON_DAYS => return,
        seconds if seconds <= super::now().as_second() => format!("its certificate ended on {day}"),
        _ => format!("its certificate ends on {day}"),
    };
    let key_id = String::from_utf8_lossy(certificate.key_id());
    let key_id: String = key_id
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    let fix = match about.0 {
        Kind::Key => format!(
            "keyward edit {} --certificate FILE, with a new one for \"{key_id}\"",
            super::quoted_text(about.1.as_bytes())
        ),
        _ => format!("ask your authority for a new one for \"{key_id}\""),
    };
    review.add(Level::Wrong, "certificate-ends", about, (message, fix));
}
