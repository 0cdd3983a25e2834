//! Faults of slots that are seen without a secret.

use super::{
    Cases, PASSPHRASE, base, changed, costly_slot, empty, passphrase_slot, recovery_slot, slot,
};
use crate::builder::Parts;
use crate::private::ed25519;

pub(crate) fn add(cases: &mut Cases) {
    costs(cases);
    form(cases);
}

fn costs(cases: &mut Cases) {
    let mut cost = |name: &str, cost: (u32, u32, u32)| {
        let mut parts = empty();
        parts.add_slot(costly_slot(PASSPHRASE, cost));
        let comment = format!("memory {} KiB, passes {}, lanes {}", cost.0, cost.1, cost.2);
        cases.bad(name, &comment, "cost", &parts);
    };
    cost("cost-memory-0", (0, 1, 1));
    cost("cost-memory-low", (19_455, 1, 1));
    cost("cost-memory-high", (2_097_153, 1, 1));
    cost("cost-memory-most", (u32::MAX, 1, 1));
    cost("cost-passes-0", (19_456, 0, 1));
    cost("cost-passes-33", (19_456, 33, 1));
    cost("cost-passes-most", (19_456, u32::MAX, 1));
    cost("cost-lanes-0", (19_456, 1, 0));
    cost("cost-lanes-17", (19_456, 1, 17));
    cost("cost-lanes-most", (19_456, 1, u32::MAX));
    cost("cost-work", (131_073, 32, 1));
    cost("cost-work-memory", (2_097_152, 3, 4));
    cost("cost-everything", (u32::MAX, u32::MAX, u32::MAX));
    let parts = changed(|parts| {
        let mut other = costly_slot("another", (19_455, 1, 1));
        other.id = [9; 16];
        parts.add_slot(other);
    });
    cases.bad(
        "cost-second-slot",
        "the costs of a slot that is not needed",
        "cost",
        &parts,
    );
    let parts = of_work(16_777_216 + 1);
    cases.bad(
        "cost-sum",
        "each slot is within the bounds, and all together are not",
        "cost",
        &parts,
    );
}

/// A vault that opens with its first slot at the least cost, and whose slots take so much KiB times passes in all.
pub(crate) fn of_work(work: u32) -> Parts {
    let mut parts = empty();
    parts.add_slot(passphrase_slot(PASSPHRASE));
    let mut left = work - 19_456;
    let mut id = 1;
    while left > 0 {
        // One pass, so that every sum can be made.
        let memory = left.min(2_097_152);
        left -= memory;
        let mut other = costly_slot("another", (memory, 1, 1));
        other.id = [id; 16];
        id += 1;
        parts.add_slot(other);
    }
    parts.add_key("laptop", &ed25519("laptop"), &[]);
    parts
}

fn form(cases: &mut Cases) {
    let mut form = |name: &str, comment: &str, change: fn(&mut Parts)| {
        let mut parts = base();
        change(&mut parts);
        cases.bad(name, comment, "damaged", &parts);
    };
    form("damaged-slot-flags", "flags of a slot", |parts| {
        parts.slots[0].flags = 1
    });
    form(
        "damaged-slot-longer",
        "a byte after the wrapped key",
        |parts| parts.slots[0].excess = vec![0],
    );
    form(
        "damaged-slot-too-long",
        "an unknown slot of 2049 bytes",
        |parts| {
            parts.add_slot(slot(5, [5; 16], vec![5; 2_049 - 156], vec![5; 32]));
        },
    );
    form("damaged-slot-most", "a slot of 2^32 - 1 bytes", |parts| {
        parts.header[0] = Box::new(|header| header[164..168].fill(255));
    });
    form(
        "damaged-slot-short",
        "a slot shorter than its body",
        |parts| {
            parts.header[0] = Box::new(|header| header[167] -= 1);
        },
    );
    form("damaged-slot-0", "a slot of no bytes", |parts| {
        parts.header[0] = Box::new(|header| header[164..168].fill(0));
    });
    form(
        "damaged-parameters-most",
        "parameters of 2^32 - 1 bytes",
        |parts| {
            parts.header[0] = Box::new(|header| header[184..188].fill(255));
        },
    );
    form("damaged-parameters-43", "parameters of 43 bytes", |parts| {
        parts.slots[0].parameters.truncate(43)
    });
    form("damaged-parameters-45", "parameters of 45 bytes", |parts| {
        parts.slots[0].parameters.push(0)
    });
    form(
        "damaged-parameters-0",
        "no parameters of a passphrase",
        |parts| parts.slots[0].parameters.clear(),
    );
    form(
        "damaged-parameters-recovery",
        "parameters of a recovery code",
        |parts| {
            let mut recovery = recovery_slot();
            recovery.parameters.push(0);
            parts.add_slot(recovery);
        },
    );
    form("damaged-slot-ids", "two slots have the same id", |parts| {
        let mut recovery = recovery_slot();
        recovery.id = parts.slots[0].id;
        parts.add_slot(recovery);
    });
    form(
        "damaged-slot-ids-apart",
        "two slots have the same id, and another is between them",
        |parts| {
            parts.add_slot(recovery_slot());
            parts.add_slot(passphrase_slot("another"));
        },
    );
    form("damaged-slot-33", "33 slots that are there", |parts| {
        for number in 0..32 {
            parts.add_slot(slot(9, [number; 16], Vec::new(), vec![number; 32]));
        }
    });
}
