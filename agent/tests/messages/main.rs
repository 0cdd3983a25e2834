//! The requests of the agent protocol: as OpenSSH sends them, as they could be, and cut short.

#[cfg(test)]
mod encode;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod recorded;
