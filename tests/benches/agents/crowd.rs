//! Many clients at once, driven by one thread.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rustix::event::{
    Timespec,
    epoll::{self, CreateFlags, Event, EventData, EventFlags},
};

use crate::client::Client;

/// How often the end is looked for while no answer comes.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 10_000_000,
};

/// Connections that each ask again as soon as they have their answer.
pub(crate) struct Crowd {
    clients: Vec<Client>,
    request: Vec<u8>,
}

impl Crowd {
    pub(crate) fn connect(socket: &Path, count: usize, request: Vec<u8>) -> Self {
        let clients = (0..count).map(|_| Client::connect(socket)).collect();
        Self { clients, request }
    }

    /// Asks until `is_over` says so, waits for the last answers, and returns the answers in a second.
    pub(crate) fn ask_until(&mut self, is_over: impl Fn() -> bool) -> f64 {
        let poll = epoll::create(CreateFlags::CLOEXEC).unwrap();
        for (number, client) in self.clients.iter_mut().enumerate() {
            let number = EventData::new_u64(u64::try_from(number).unwrap());
            epoll::add(&poll, &*client, number, EventFlags::IN).unwrap();
        }
        let start = Instant::now();
        for client in &mut self.clients {
            client.send(&self.request);
        }
        let mut answered = 0;
        let mut events: Vec<Event> = Vec::with_capacity(self.clients.len());
        while !is_over() {
            events.clear();
            epoll::wait(
                &poll,
                rustix::buffer::spare_capacity(&mut events),
                Some(&TICK),
            )
            .unwrap();
            for event in &events {
                let number = usize::try_from(event.data.u64()).unwrap();
                self.clients[number].receive();
                self.clients[number].send(&self.request);
            }
            answered += events.len();
        }
        let rate = answered as f64 / start.elapsed().as_secs_f64();
        self.clients.iter_mut().for_each(Client::receive);
        rate
    }

    /// Asks for some time and returns the answers in a second.
    pub(crate) fn ask(&mut self, during: Duration) -> f64 {
        let end = Instant::now() + during;
        self.ask_until(|| Instant::now() >= end)
    }
}
