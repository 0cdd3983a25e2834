//! The real keeper process: how it is confined, what happens when it dies, and when it is replaced.

#[cfg(test)]
mod confinement;
#[cfg(test)]
mod full_memory;
#[cfg(test)]
mod keeper;
#[cfg(test)]
mod supervision;
