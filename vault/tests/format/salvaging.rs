//! What is left of a damaged vault is found.

use keyward_vault::salvage::{HeaderState, Rescue, Rescued};
use keyward_vault::{Opener, RecoveryCode, Salvage, Timestamp, Unlocking, salvage};

use crate::builder::slot_content;
use crate::cases::{Cases, PASSPHRASE, code, passphrase_slot};
use crate::damage::{is_long, names, quick, read};
use crate::fixed::Fixed;
use crate::private::ed25519;

const NOW: Timestamp = Timestamp(1_790_000_000);

fn salvaged(file: Vec<u8>) -> Salvage {
    let code = RecoveryCode::parse(&code()).unwrap();
    let rescue = Rescue {
        opener: Opener::RecoveryCode(&code),
        unlocking: Unlocking::default(),
        now: NOW,
        entropy: &mut Fixed::new("salvage"),
    };
    salvage(file, Some(rescue))
}

fn rescued(file: Vec<u8>) -> Rescued {
    salvaged(file).rescued.unwrap().unwrap()
}

/// Saves what was rescued, and reads it like any other vault.
fn saved(rescued: &Rescued) -> Vec<String> {
    let code = RecoveryCode::parse(&code()).unwrap();
    let file = rescued.vault.seal(NOW, &mut Fixed::new("saved")).unwrap();
    let (names, warning) = read(file, &code).unwrap();
    assert!(!warning);
    names
}

const HEADER: usize = 160 + 164 + 64;

const BLOCK: usize = 620;

/// Where a record begins, counted from 1; the manifest is 0.
fn block(number: usize) -> usize {
    HEADER + number * BLOCK
}

#[test]
fn a_whole_vault_is_found_whole() {
    let found = salvaged(quick(5).build("whole"));
    assert!(matches!(found.header, HeaderState::Whole));
    assert!(matches!(found.twin, HeaderState::Whole));
    assert_eq!((found.blocks.len(), found.records), (7, Some(6)));
    assert!(found.blocks.iter().all(|block| block.holds));
    let rescued = found.rescued.unwrap().unwrap();
    assert!(rescued.is_authentic && rescued.is_listed && rescued.lost.is_empty());
    assert_eq!(saved(&rescued).len(), 5);
}

#[test]
fn one_damaged_record_is_lost_alone() {
    for place in [0, 40, 100, 600] {
        let mut file = quick(5).build("record");
        file[block(3) + place] ^= 1;
        let rescued = rescued(file);
        // The digest alone is not what a record is judged by.
        let lost = usize::from(place < 588);
        assert_eq!(rescued.lost.len(), lost, "byte {place}");
        assert!(rescued.lost.iter().all(|lost| lost.id.is_some()));
        assert_eq!(saved(&rescued).len(), 5 - lost);
    }
}

#[test]
fn a_lost_manifest_is_not_needed() {
    let mut file = quick(5).build("manifest");
    file[block(0)..block(1)].fill(0);
    let rescued = rescued(file);
    assert!(!rescued.is_listed && rescued.is_authentic);
    assert_eq!(saved(&rescued).len(), 5);
}

#[test]
fn a_bit_of_both_headers_does_no_harm() {
    let file = quick(3).build("headers");
    let twin = file.len() - 12 - HEADER;
    for offset in [39, 45, 97, 130, HEADER - 64, HEADER - 1] {
        let mut damaged = file.clone();
        damaged[offset] ^= 1;
        damaged[twin + offset] ^= 1;
        let rescued = rescued(damaged);
        assert_eq!(saved(&rescued).len(), 3, "byte {offset}");
    }
}

#[test]
fn without_a_header_nothing_opens_and_all_is_counted() {
    let mut file = quick(3).build("headless");
    file[..HEADER].fill(0);
    let end = file.len();
    file[end - 12 - HEADER..].fill(0);
    let found = salvaged(file);
    assert!(found.rescued.unwrap().is_err());
    assert_eq!(found.blocks.iter().filter(|block| block.holds).count(), 5);
}

#[test]
fn a_part_of_a_file_gives_what_is_in_it() {
    let file = quick(5).build("part");
    for records in 1..=5 {
        let rescued = rescued(file[..block(records + 1)].to_vec());
        assert_eq!(rescued.lost.len(), 6 - records);
        assert_eq!(saved(&rescued).len(), records - 1);
    }
    // The end alone, with the twin.
    let rescued = rescued(file[block(4)..].to_vec());
    assert_eq!((rescued.lost.len(), saved(&rescued).len()), (3, 3));
}

#[test]
fn a_slot_whose_record_is_lost_is_dropped_unless_it_opened() {
    let mut file = quick(2).build("slot");
    file[block(1) + 100] ^= 1;
    let rescued = rescued(file);
    assert_eq!((rescued.lost.len(), rescued.lost_slots.len()), (0, 0));
    assert_eq!(saved(&rescued).len(), 2);
    assert_eq!(rescued.vault.slots().count(), 1);
    let header = HEADER + 208;
    let place = |number: usize| header + number * BLOCK + 100;
    for (number, slots, lost) in [(1, 2, 0), (2, 1, 1)] {
        let mut parts = quick(2);
        parts.add_slot(passphrase_slot(PASSPHRASE));
        let mut file = parts.build("slots");
        file[place(number)] ^= 1;
        let rescued = self::rescued(file);
        assert_eq!((rescued.lost.len(), rescued.lost_slots.len()), (0, lost));
        assert_eq!(rescued.vault.slots().count(), slots, "record {number}");
        assert_eq!(saved(&rescued).len(), 2);
    }
}

#[test]
fn keys_of_another_in_the_record_of_a_slot_are_not_kept() {
    for (record, slots) in [(0, 2), (1, 1)] {
        let mut parts = quick(2);
        parts.add_slot(passphrase_slot(PASSPHRASE));
        let slot = parts.slots[record].id;
        parts.records[record].content = slot_content(&slot, &[0x5a; 64], &[]);
        let rescued = rescued(parts.build("planted"));
        assert_eq!(rescued.vault.slots().count(), slots);
        assert_eq!(saved(&rescued).len(), 2);
    }
}

#[test]
fn a_header_that_is_not_authentic_gives_no_mac_to_what_anybody_wrote() {
    let mut parts = quick(2);
    parts.optional_flags = 1;
    parts.extensions = [&7_u16.to_be_bytes()[..], &[0; 2], &[0, 0, 0, 1], &[1]].concat();
    parts.header[1] = Box::new(|header| *header.last_mut().unwrap() ^= 1);
    let rescued = rescued(parts.build("unauthentic"));
    assert!(!rescued.is_authentic);
    let file = rescued.vault.seal(NOW, &mut Fixed::new("saved")).unwrap();
    assert_eq!(file[44..48], [0; 4]);
    let length = u32::from_be_bytes(file[12..16].try_into().unwrap());
    assert_eq!(usize::try_from(length).unwrap(), HEADER);
    assert_eq!(saved(&rescued).len(), 2);
}

#[test]
fn a_damaged_digest_of_both_headers_does_not_change_what_comes_before() {
    let whole = quick(2).build("digests");
    let mut file = whole.clone();
    for end in [HEADER, file.len() - 12] {
        file[end - 1] ^= 1;
    }
    let rescued = rescued(file);
    assert!(rescued.is_authentic);
    assert_eq!(rescued.vault.digest()[..], whole[HEADER - 32..HEADER]);
}

#[test]
fn an_older_record_is_not_taken_for_the_newer_one() {
    let mut older = quick(3);
    older.records[2].version = 1;
    let older = older.build("older");
    let mut file = quick(3).build("newer");
    file[block(3)..block(4)].copy_from_slice(&older[block(3)..block(4)]);
    let listed = rescued(file.clone());
    assert_eq!((listed.lost.len(), names(&listed.vault).len()), (1, 2));
    // Without the manifest nobody can tell.
    file[block(0)..block(1)].fill(0);
    let unlisted = rescued(file);
    assert!(!unlisted.is_listed);
    assert_eq!(names(&unlisted.vault).len(), 3);
}

#[test]
fn names_that_come_twice_are_told_apart() {
    let mut parts = quick(2);
    parts.add_key("key 1", &ed25519("another"), &[]);
    let mut file = parts.build("names");
    file[block(0)..block(1)].fill(0);
    let mut names = saved(&rescued(file));
    names.sort();
    assert_eq!(names, ["key 1", "key 1-2", "key 2"]);
}

#[test]
fn every_flip_costs_one_record_at_most() {
    let file = quick(20).build("flips");
    let step = if is_long() { 7 } else { 499 };
    for bit in (0..8 * file.len()).step_by(step) {
        let mut damaged = file.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let rescued = rescued(damaged);
        assert!(names(&rescued.vault).len() >= 19, "bit {bit}");
        assert!(rescued.lost.len() <= 1, "bit {bit}");
    }
}

#[test]
fn no_vector_is_too_much() {
    for case in Cases::all().0 {
        let found = salvage(case.vault.clone(), None);
        assert!(found.rescued.is_none());
        drop(salvaged(case.vault));
    }
}
