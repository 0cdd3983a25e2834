//! Reads what is left of a damaged vault (`FORMAT.md` section 8).

mod scan;

use core::fmt;
use core::ops::Range;

use crate::block::Block;
use crate::error::{Error, Part};
use crate::header::{self, Copy, Header, twin_at};
use crate::id::SlotId;
use crate::random::Entropy;
use crate::slot::Opener;
use crate::timestamp::Timestamp;
use crate::unlocking::{Unlocked, Unlocking};
use crate::vault::{Lost, Remains, Vault};

/// One of the two headers, as it was found.
#[derive(Debug)]
#[non_exhaustive]
pub enum HeaderState {
    /// It can be used.
    Whole,
    /// It breaks a rule.
    Damaged(Error),
    /// The end of the file does not say where it is.
    NotFound,
}

/// One block, as it was found.
#[derive(Debug, Clone)]
pub struct BlockState {
    /// Which block it says it is, and where it stands.
    pub block: Block,
    /// Whether its digest holds.
    pub holds: bool,
}

/// Who opens what is left.
pub struct Rescue<'a> {
    /// The secret.
    pub opener: Opener<'a>,
    /// What to mind while slots are tried.
    pub unlocking: Unlocking<'a>,
    /// The time of what has to be made anew.
    pub now: Timestamp,
    /// The randomness for it.
    pub entropy: &'a mut dyn Entropy,
}

/// What is left of a vault.
#[derive(Debug)]
pub struct Salvage {
    /// The header at the start.
    pub header: HeaderState,
    /// Its twin at the end.
    pub twin: HeaderState,
    /// The blocks that were found, the manifest among them, in the order of the file.
    pub blocks: Vec<BlockState>,
    /// How many records there should be, if a header says so.
    pub records: Option<usize>,
    /// What was rescued with the secret; `None` when there was none. An error says why nothing was.
    pub rescued: Option<Result<Rescued, Error>>,
}

/// What was opened of the remains.
#[derive(Debug)]
pub struct Rescued {
    /// What is left, to be saved as a new generation.
    pub vault: Vault,
    /// Whether the MAC of the header is right.
    pub is_authentic: bool,
    /// Whether the manifest was read: without it an older version of a record may have been put in
    /// the place of a newer one.
    pub is_listed: bool,
    /// The records that are lost.
    pub lost: Vec<Lost>,
    /// The ways in that were lost with their records, and are gone from the vault.
    pub lost_slots: Vec<SlotId>,
}

/// Reads as much of a file as can be read. Without a secret it says what is damaged; with one it
/// makes a vault of what is left.
///
/// It never fails: what is wrong is in the answer. Besides the derivations it takes time in
/// proportion to the length of the file, whatever is in it.
pub fn salvage(file: Vec<u8>, rescue: Option<Rescue<'_>>) -> Salvage {
    let (header, first) = state(&file, Some(0), Part::Header);
    let (twin, second) = state(&file, twin_at(&file), Part::Twin);
    let mut found: Vec<_> = [first, second].into_iter().flatten().collect();
    found.sort_by_key(|found| !found.holds);
    found.dedup_by(|one, other| file.get(one.range.clone()) == file.get(other.range.clone()));
    let blocks = scan::blocks(&file);
    let records = found.first().map(|found| found.header.records);
    let rescued = rescue.map(|rescue| rescued(file, found, &blocks, rescue));
    Salvage {
        header,
        twin,
        blocks,
        records,
        rescued,
    }
}

/// A header that can be read, even if its digest does not hold.
struct Found {
    header: Header,
    range: Range<usize>,
    holds: bool,
}

/// Looks at one of the headers. One whose digest does not hold is tried all the same: a slot of it
/// that opens, and gives the vault key that it commits to, shows that what matters is right.
fn state(file: &[u8], start: Option<usize>, part: Part) -> (HeaderState, Option<Found>) {
    let Some(start) = start else {
        return (HeaderState::NotFound, None);
    };
    let copy = Copy { start, part };
    let (state, range) = match copy.find(file) {
        Ok(range) => (HeaderState::Whole, Some(range)),
        Err(error) => (HeaderState::Damaged(error), copy.frame(file)),
    };
    let Some(range) = range else {
        return (state, None);
    };
    let holds = matches!(state, HeaderState::Whole);
    match Header::read(file.get(range.clone()).unwrap_or_default()) {
        Ok(header) => (
            state,
            Some(Found {
                header,
                range,
                holds,
            }),
        ),
        Err(error) if holds => (HeaderState::Damaged(error), None),
        Err(_) => (state, None),
    }
}

/// Opens what is left with the best of the headers: one that is authentic, if there is one.
fn rescued(
    file: Vec<u8>,
    candidates: Vec<Found>,
    blocks: &[BlockState],
    rescue: Rescue<'_>,
) -> Result<Rescued, Error> {
    let Rescue {
        opener,
        mut unlocking,
        now,
        entropy,
    } = rescue;
    let mut best: Option<(Found, Unlocked, bool)> = None;
    let mut refusal = Error::Damaged {
        part: Part::Header,
        rule: "neither it nor its twin can be read",
    };
    for found in candidates {
        match unlocking.unlock(&found.header, &opener) {
            Err(error) => refusal = error,
            Ok(unlocked) => {
                let bytes = file.get(found.range.clone()).unwrap_or_default();
                let is_authentic = header::is_authentic(bytes, &unlocked.sealer.header_key())?;
                if best
                    .as_ref()
                    .is_none_or(|(_, _, authentic)| is_authentic && !authentic)
                {
                    best = Some((found, unlocked, is_authentic));
                }
            }
        }
        if best.as_ref().is_some_and(|(_, _, authentic)| *authentic) {
            break;
        }
    }
    let (found, unlocked, is_authentic) = best.ok_or(refusal)?;
    let digest = header::digest_made(file.get(found.range).unwrap_or_default());
    let remains = Remains {
        file,
        blocks: blocks.iter().map(|state| state.block.clone()).collect(),
        header: found.header,
        digest,
        is_authentic,
    };
    let kept = remains.open(unlocked, now, entropy)?;
    Ok(Rescued {
        vault: kept.vault,
        is_authentic,
        is_listed: kept.is_listed,
        lost: kept.lost,
        lost_slots: kept.lost_slots,
    })
}

impl fmt::Debug for Rescue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rescue")
            .field("opener", &self.opener)
            .finish_non_exhaustive()
    }
}
