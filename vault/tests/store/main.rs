//! The store on a real file system: what it refuses, and what is left when it is killed.

#[cfg(test)]
mod concurrency;
#[cfg(test)]
mod counter;
#[cfg(test)]
mod injected;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod links;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod room;
#[cfg(test)]
mod state;
#[cfg(test)]
mod swapped;
#[cfg(test)]
mod versions;
