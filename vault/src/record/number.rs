//! The keys of the map of a record (`FORMAT.md` section 5).

pub(super) const KIND: u64 = 0;
pub(super) const CREATED: u64 = 1;
pub(super) const CHANGED: u64 = 2;
pub(super) const NAME: u64 = 3;
pub(super) const PRIVATE: u64 = 4;
pub(super) const COMMENT: u64 = 5;
pub(super) const CERTIFICATE: u64 = 6;
pub(super) const CONFIRM: u64 = 7;
pub(super) const LIFETIME: u64 = 8;
pub(super) const DESTINATIONS: u64 = 9;
pub(super) const NOTES: u64 = 10;
pub(super) const LAST_USED: u64 = 11;
pub(super) const REMOVED: u64 = 12;
pub(super) const SLOT: u64 = 13;
pub(super) const WRAP_KEYS: u64 = 14;
pub(super) const LABEL: u64 = 15;
