use super::*;
use crate::secret_memory::region::Protection;

const LIST: [u8; 5] = [0, 0, 0, 1, 11];

fn intake() -> Intake {
    Intake::new(Protection::MemfdSecret).unwrap()
}

fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&length.to_be_bytes(), message].concat()
}

fn unlock() -> Vec<u8> {
    frame(b"\x17\0\0\0\x06phrase")
}

fn is_secret(frames: &Frames) -> bool {
    matches!(frames.buffer, Buffer::Secret(_))
}

/// Takes every whole message, as a connection does.
fn drain(frames: &mut Frames) -> Vec<Vec<u8>> {
    let mut messages = vec![];
    while let Some(message) = frames.take().unwrap() {
        messages.push(message.to_vec());
        frames.forget();
    }
    frames.tidy();
    messages
}

#[test]
fn messages_come_out_whole_however_they_came_in() {
    let long = [vec![13], vec![7; 100_000]].concat();
    let messages = [&LIST[4..], &unlock()[4..], b"", &long, &LIST[4..]];
    let bytes: Vec<u8> = messages.iter().flat_map(|message| frame(message)).collect();
    for size in [1, 2, 3, 5, 7, 4096, 16_384] {
        let (intake, mut frames) = (intake(), Frames::default());
        let mut taken = vec![];
        for came in bytes.chunks(size) {
            frames.put(&intake, came);
            taken.extend(drain(&mut frames));
        }
        assert_eq!(taken, messages, "{size} bytes at a time");
        assert!(!frames.has_partial() && frames.buffer.bytes().is_empty());
    }
}

#[test]
fn message_with_a_secret_waits_in_secret_memory_from_its_first_byte_on() {
    for number in [17, 20, 21, 22, 23, 25, 26] {
        let message = frame(&[&[number], &[7; 10_000][..]].concat());
        for begin in [5, 6, 100, 5000] {
            let (intake, mut frames) = (intake(), Frames::default());
            frames.put(&intake, &message[..3]);
            assert!(!is_secret(&frames), "nothing of it is there yet");
            frames.put(&intake, &message[3..begin]);
            assert!(is_secret(&frames), "{begin} bytes of message {number}");
            frames.put(&intake, &message[begin..]);
            assert!(is_secret(&frames));
            assert_eq!(drain(&mut frames), [&message[4..]]);
            assert!(!is_secret(&frames));
        }
    }
}

#[test]
fn message_with_a_secret_is_found_behind_others() {
    let (intake, mut frames) = (intake(), Frames::default());
    let bytes = [&LIST[..], &[0; 4], &LIST, &unlock()[..5]].concat();
    frames.put(&intake, &bytes);
    assert!(is_secret(&frames));
    let mut frames = Frames::default();
    frames.put(&intake, &frame(&[13; 5000])[..2000]);
    frames.put(&intake, &[13; 3004]);
    assert!(!is_secret(&frames));
    // A message is judged by its own type, and not by bytes inside it.
    frames.put(&intake, &frame(&[11, 0, 0, 0, 1, 23]));
    assert!(!is_secret(&frames));
}

#[test]
fn without_secret_memory_a_secret_waits_elsewhere() {
    let (intake, mut frames) = (intake(), Frames::default());
    let all: Vec<_> = (0..).map_while(|_| intake.secret(4096)).collect();
    frames.put(&intake, &unlock()[..10]);
    assert!(!is_secret(&frames));
    drop(all);
    frames.put(&intake, &unlock()[10..]);
    assert!(is_secret(&frames));
    assert_eq!(drain(&mut frames), [&unlock()[4..]]);
}

#[test]
fn announced_length_costs_no_memory() {
    let (intake, mut frames) = (intake(), Frames::default());
    frames.put(&intake, &[0, 4, 0, 0, 17]);
    assert_eq!(frames.buffer.bytes().len(), FIRST);
    assert!(frames.take().unwrap().is_none() && frames.has_partial());
    frames.put(&intake, &[7; 5000]);
    assert_eq!(frames.buffer.bytes().len(), 8192);
}

#[test]
fn too_long_a_frame_is_refused_and_nothing_behind_it_is_looked_for() {
    let (intake, mut frames) = (intake(), Frames::default());
    frames.put(&intake, &[0xff, 0xff, 0xff, 0xff, 11, 0, 0]);
    assert!(frames.take().is_err());
}
