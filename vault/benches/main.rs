//! How long it takes to open a vault and to save it.

fn main() {}
