//! Very many clients at once.

use std::{
    thread,
    time::{Duration, Instant},
};

use keyward_tests::{
    Agent, Connection, Home, Key, KeyKind, agent::Launch, deadline, message, process,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files the test itself and the agent may open in the tests with thousands of clients.
const FILES: u64 = 8192;

/// An agent that may open `FILES` files, in a process that may too; with one key.
fn spacious_agent() -> (Agent, Vec<u8>) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    assert!(
        maximum.is_none_or(|maximum| maximum >= FILES),
        "the test needs {FILES} files: ulimit -Hn"
    );
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(FILES),
            maximum,
        },
    )
    .unwrap();
    let agent = Launch::new(Home::new())
        .wrapper(&["prlimit", &format!("--nofile={FILES}")])
        .start();
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    (agent, key.blob())
}

/// Connects `count` clients that have each sent `bytes`.
fn clients(agent: &Agent, count: usize, bytes: &[u8]) -> Vec<Connection> {
    let connect = || {
        let mut connection =
            deadline::eventually("a place in the queue", Duration::from_secs(30), || {
                Connection::try_open(agent.socket()).ok()
            });
        connection.send_bytes(bytes).unwrap();
        connection
    };
    (0..count).map(|_| connect()).collect()
}

/// The durations of signatures by one client, shortest first.
fn signature_times(agent: &Agent, blob: &[u8]) -> Vec<Duration> {
    let mut connection = agent.connect();
    let mut times: Vec<Duration> = (0..500_u32)
        .map(|round| {
            let start = Instant::now();
            message::signature(&connection.ask(&message::sign(blob, &round.to_be_bytes(), 0)));
            start.elapsed()
        })
        .collect();
    times.sort();
    times
}

#[test]
fn a_client_is_served_among_a_thousand_idle_and_a_thousand_half_messages() {
    let (agent, blob) = spacious_agent();
    let alone = signature_times(&agent, &blob);
    let _idle = clients(&agent, 1000, b"");
    let half = [200_000_u32.to_be_bytes().to_vec(), vec![13; 60_000]].concat();
    let _half = clients(&agent, 1000, &half);
    let crowded = signature_times(&agent, &blob);
    println!(
        "p50 and p99 alone: {:?} {:?}, crowded: {:?} {:?}",
        alone[250], alone[495], crowded[250], crowded[495]
    );
    assert!(
        crowded[495] < Duration::from_secs(1),
        "p99 {:?}",
        crowded[495]
    );
}

#[test]
fn idle_clients_cost_no_processor_time() {
    let (agent, _) = spacious_agent();
    let _idle = clients(&agent, 500, b"");
    let _half = clients(&agent, 500, &[0, 0, 1, 0, 13]);
    assert_rests(&agent);
}

/// Requires that the agent uses less than a tenth of a processor over two seconds.
#[track_caller]
fn assert_rests(agent: &Agent) {
    let ticks = || {
        agent
            .processes()
            .into_iter()
            .map(process::ticks)
            .sum::<u64>()
    };
    let (before, start) = (ticks(), Instant::now());
    deadline::until("two seconds to pass", Duration::from_secs(10), || {
        start.elapsed() > Duration::from_secs(2)
    });
    let spent = ticks() - before;
    assert!(spent < 20, "{spent} ticks of 10 ms in two seconds");
}

#[test]
fn an_agent_out_of_file_descriptors_does_not_spin_and_recovers() {
    let agent = Launch::new(Home::new())
        .wrapper(&["prlimit", "--nofile=64:64"])
        .start();
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let crowd: Vec<Connection> = (0..100)
        .filter_map(|_| Connection::try_open(agent.socket()).ok())
        .collect();
    assert!(crowd.len() >= 64, "{} clients", crowd.len());
    assert_rests(&agent);
    drop(crowd);
    let released = Instant::now();
    let mut connection =
        deadline::eventually("the agent to serve again", Duration::from_secs(10), || {
            let mut connection = Connection::try_open(agent.socket()).ok()?;
            connection.set_limit(Duration::from_secs(5));
            connection
                .send_bytes(&message::string(&message::LIST))
                .ok()?;
            connection.receive().map(|_| connection)
        });
    println!("served again after {:?}", released.elapsed());
    assert!(
        released.elapsed() < Duration::from_secs(2),
        "served again after {:?}",
        released.elapsed()
    );
    message::signature(&connection.ask(&message::sign(&key.blob(), b"data", 0)));
}

#[test]
fn file_descriptors_are_given_back() {
    let (agent, _) = spacious_agent();
    // With a key the keeper is there and every file that stays is open.
    agent.add(&Key::plain(KeyKind::Ed25519));
    let before: usize = agent.processes().into_iter().map(process::open_files).sum();
    drop(clients(&agent, 500, b"\0\0\0\x01\x0b"));
    deadline::until("the files to be closed", Duration::from_secs(20), || {
        agent
            .processes()
            .into_iter()
            .map(process::open_files)
            .sum::<usize>()
            <= before
    });
}

#[test]
fn clients_in_parallel_each_get_their_own_answers() {
    let (agent, _) = spacious_agent();
    for kind in KeyKind::SOFTWARE {
        agent.add(&Key::plain(kind));
    }
    thread::scope(|scope| {
        for client in 0..16_u32 {
            let agent = &agent;
            scope.spawn(move || {
                let kind =
                    KeyKind::SOFTWARE[usize::try_from(client).unwrap() % KeyKind::SOFTWARE.len()];
                let key = Key::plain(kind);
                let mut connection = agent.connect();
                for round in 0..50_u32 {
                    let data = [client.to_be_bytes(), round.to_be_bytes()].concat();
                    let answer = connection.ask(&message::sign(&key.blob(), &data, 2));
                    verify(&key, &data, message::signature(&answer));
                }
            });
        }
    });
}

fn verify(key: &Key, data: &[u8], blob: &[u8]) {
    use signature::Verifier;
    use ssh_agent_lib::ssh_key::{PublicKey, Signature};

    let public = PublicKey::from_openssh(&key.public_line()).unwrap();
    public
        .key_data()
        .verify(data, &Signature::try_from(blob).unwrap())
        .unwrap();
}

#[test]
fn signatures_stay_fast_among_clients_that_bind_without_a_pause() {
    use rustix::net::{Shutdown, shutdown};
    use std::os::unix::net::UnixStream;

    let agent = Agent::start(&[]);
    let key = Key::plain(KeyKind::Ed25519);
    agent.add(&key);
    let alone = signature_times(&agent, &key.blob());
    // The first frame makes the agent's buffer large, so that many binds come with one look at it.
    let mut flood = message::string(&[13; 260_000]);
    let signature = [message::string(b"ssh-ed25519"), message::string(&[0; 64])].concat();
    let mut body = [&message::ed25519_blob(&[7; 32])[..], &[7; 32], &signature]
        .map(message::string)
        .concat();
    body.push(1);
    let bind = message::string(&message::extension("session-bind@openssh.com", &body));
    flood.extend(bind.repeat(20_000));
    let streams: Vec<UnixStream> = (0..4)
        .map(|_| UnixStream::connect(agent.socket()).unwrap())
        .collect();
    let crowded = thread::scope(|scope| {
        for stream in &streams {
            let flood = &flood;
            scope.spawn(move || std::io::Write::write_all(&mut &*stream, flood));
            scope.spawn(move || std::io::copy(&mut &*stream, &mut std::io::sink()));
        }
        let crowded = signature_times(&agent, &key.blob());
        for stream in &streams {
            let _ = shutdown(stream, Shutdown::Both);
        }
        crowded
    });
    println!("slowest alone {:?}, crowded {:?}", alone[499], crowded[499]);
    assert!(
        crowded[499] < Duration::from_millis(300),
        "{:?}",
        crowded[499]
    );
}

#[test]
fn signatures_that_nobody_waits_for_hold_nobody_up() {
    let (agent, _) = spacious_agent();
    let key = Key::plain(KeyKind::Rsa4096);
    agent.add(&key);
    let request = message::sign(&key.blob(), b"data", 2);
    // About a minute of signatures on one core.
    for _ in 0..3000 {
        let connection = Connection::try_open(agent.socket());
        if let Ok(mut connection) = connection {
            connection.send(&request);
        }
    }
    let mut connection = agent.connect();
    connection.set_limit(Duration::from_secs(10));
    message::signature(&connection.ask(&request));
}
