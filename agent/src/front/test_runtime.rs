//! The runtime of the front for a test.

/// Runs `test` to its end, as the front runs: on one thread, with tasks that stay on it.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test)
}
