//! The keys of the map of a record (`FORMAT.md` section 5).

pub(crate) const KIND: u64 = 0;
pub(crate) const CREATED: u64 = 1;
pub(crate) const CHANGED: u64 = 2;
pub(crate) const NAME: u64 = 3;
pub(crate) const PRIVATE: u64 = 4;
pub(crate) const COMMENT: u64 = 5;
pub(crate) const CERTIFICATE: u64 = 6;
pub(crate) const CONFIRM: u64 = 7;
pub(crate) const LIFETIME: u64 = 8;
pub(crate) const DESTINATIONS: u64 = 9;
pub(crate) const NOTES: u64 = 10;
pub(crate) const LAST_USED: u64 = 11;
pub(crate) const REMOVED: u64 = 12;
pub(crate) const SLOT: u64 = 13;
pub(crate) const WRAP_KEYS: u64 = 14;
pub(crate) const LABEL: u64 = 15;
