//! How long the parts of the agent take: `cargo bench -p keyward-agent [-- NAME]`.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has to stop"
)]

mod codec;
mod keeper;
mod material;
mod ring;
mod sign;

use std::time::Duration;

use criterion::Criterion;
use keyward_agent::secret_memory::heap;

const WARM_UP: Duration = Duration::from_millis(300);
const MEASUREMENT: Duration = Duration::from_secs(1);

fn main() {
    // As in the keeper, before the library allocates for the first time.
    assert!(heap::adopt_signature_library());
    let mut criterion = Criterion::default()
        .warm_up_time(WARM_UP)
        .measurement_time(MEASUREMENT)
        .sample_size(50)
        .without_plots()
        .configure_from_args();
    codec::measure(&mut criterion);
    ring::measure(&mut criterion);
    sign::measure(&mut criterion);
    keeper::measure(&mut criterion);
    criterion.final_summary();
}
