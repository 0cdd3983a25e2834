use std::fs::File;
use std::io::{Read, Write};
use std::thread;

use tokio::task::{LocalSet, spawn_local, yield_now};

use super::*;
use crate::keeper::channel::KeyId;

/// More than a pipe holds.
static LONG: [u8; 200 << 10] = [7; 200 << 10];

/// Runs a test with the front's link, which is polled, and the keeper's ends.
fn with_link(test: impl AsyncFnOnce(Rc<Link>, File, File)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (ends, requests, answers) = Ends::with_keeper(false).unwrap();
        let link = Link::new(ends).unwrap();
        let running = Rc::clone(&link);
        spawn_local(async move { running.run().await });
        test(link, requests.into(), answers.into()).await;
    });
}

fn read_request(requests: &mut File) -> Vec<u8> {
    let mut length = [0; 4];
    requests.read_exact(&mut length).unwrap();
    let mut message = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    requests.read_exact(&mut message).unwrap();
    message
}

#[test]
fn secret_is_covered_before_anything_else_is_asked() {
    with_link(async |link, mut requests, mut answers| {
        let keeper = thread::spawn(move || {
            let mut kinds = Vec::new();
            while kinds.len() < 3 {
                let message = read_request(&mut requests);
                let (tag, ask) = Ask::decode(&message).unwrap();
                let mut answer = Vec::new();
                Answer::Done.encode(tag, &mut answer);
                answers.write_all(&answer).unwrap();
                kinds.push(format!("{:?}", ask.unwrap()));
            }
            kinds
        });
        let (added, cleared) =
            tokio::join!(link.ask(Ask::Add(KeyId(1), &LONG)), link.ask(Ask::Clear));
        assert_eq!((added, cleared), (Ok(Answer::Done), Ok(Answer::Done)));
        assert_eq!(
            keeper.join().unwrap(),
            ["Add(KeyId(1), ..)", "Cover", "Clear"]
        );
    });
}

#[test]
fn cover_is_longer_than_what_a_pipe_keeps() {
    let (_, cover) = Ask::Cover.encode(UNTAGGED);
    assert!(cover.len() >= 2 * rustix::param::page_size());
}

#[test]
fn nothing_follows_half_a_message_on_a_closed_link() {
    with_link(async |link, mut requests, _answers| {
        let asking = Rc::clone(&link);
        let asked = spawn_local(async move { asking.ask(Ask::Lock(&LONG)).await });
        let waiting = Rc::clone(&link);
        let waited = spawn_local(async move { waiting.ask(Ask::Unlock(b"phrase")).await });
        yield_now().await;
        link.close();
        let reader = thread::spawn(move || {
            let mut came = Vec::new();
            requests.read_to_end(&mut came).unwrap();
            came
        });
        assert_eq!(asked.await.unwrap(), Err(Gone));
        assert_eq!(waited.await.unwrap(), Err(Gone));
        drop(link);
        let came = reader.join().unwrap();
        assert!(came.len() < LONG.len());
        assert!(!came.ends_with(b"phrase"));
    });
}
