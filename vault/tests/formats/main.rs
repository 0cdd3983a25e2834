//! Files of private keys: read and written here, judged by the programs whose formats they are.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod exporting;
#[cfg(test)]
mod importing;
#[cfg(test)]
mod mutating;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod showing;
