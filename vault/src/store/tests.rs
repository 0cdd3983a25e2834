//! The store on a disk in memory, which fails and loses power at will.

mod crash;
mod faults;
mod power_loss;
mod scenario;
mod simulated;
