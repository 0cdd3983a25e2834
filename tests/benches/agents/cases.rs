//! What is compared, and what the program promises of it.

use std::{
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use keyward_tests::{Agent, Home, Key, KeyKind, agent, connection::Connection, message, process};

use crate::{
    client::{self, Client},
    contest::{Case, Contestant, Meter, Unit},
    crowd::Crowd,
    idle::Idle,
    machine,
};

/// How long a round asks.
const ROUND: Duration = Duration::from_millis(400);

/// How long a round with many slow clients asks: OpenSSH answers all before it reads again.
const LONG_ROUND: Duration = Duration::from_secs(3);

const ROUNDS: usize = 7;

/// How many connections or identities count as many.
const MANY: u32 = 10_000;

const CROWD: usize = 64;

/// Every case, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        (KeyKind::Ed25519, "15x"),
        (KeyKind::EcdsaP256, "8x"),
        (KeyKind::EcdsaP384, "15x"),
        (KeyKind::EcdsaP521, "5x"),
        (KeyKind::Rsa3072, "2.5x with AVX512-IFMA"),
        (KeyKind::Rsa4096, "2.5x with AVX512-IFMA"),
    ]
    .map(sign_alone)
    .into();
    let rate = Unit::PerSecond;
    let microseconds = Unit::Microseconds;
    cases.extend([
        case("sign ed25519, 64 clients", rate, "20x", crowded),
        case("list 6 keys", rate, "8x", listed),
        case("connect and list 6 keys", rate, "2x", connected),
        case(
            "sign ed25519, 10,000 idle connections, p50",
            microseconds,
            "50x",
            among_idle,
        ),
        case("exec to first answer", microseconds, "1x", started),
        case("memory, no key", Unit::Kibibytes, "<= 10 MiB", memory_empty),
        case(
            "memory, 10,000 ed25519 keys",
            Unit::Kibibytes,
            "<= 40 MiB",
            memory_full,
        ),
        case(
            "sign p50, 10,000 identities against 1",
            Unit::Times,
            "<= 1.2 x",
            many_identities,
        ),
        case(
            "sign ed25519 beside 64 rsa4096, p99",
            microseconds,
            "<= 3,000 us",
            beside_rsa,
        ),
    ]);
    cases
}

fn case(name: &str, unit: Unit, goal: &'static str, prepare: fn(&Contestant) -> Meter) -> Case {
    Case {
        name: name.to_owned(),
        unit,
        goal,
        rounds: ROUNDS,
        prepare: Box::new(prepare),
    }
}

fn sign_alone((kind, goal): (KeyKind, &'static str)) -> Case {
    let prepare = move |contestant: &Contestant| {
        let agent = contestant.start_pinned();
        agent.add(&Key::plain(kind));
        asked_alone(agent, client::sign(kind))
    };
    Case {
        name: format!("sign {}", kind.name()),
        unit: Unit::PerSecond,
        goal,
        rounds: ROUNDS,
        prepare: Box::new(prepare),
    }
}

/// Measures one client that shares its core with the agent.
fn asked_alone(agent: Agent, request: Vec<u8>) -> Meter {
    let mut client = Client::connect(agent.socket());
    client.ask(&request);
    Box::new(move || {
        let _running = &agent;
        client::rate(&machine::pinned(|| client.latencies(&request, ROUND)))
    })
}

fn crowded(contestant: &Contestant) -> Meter {
    let agent = contestant.start();
    agent.add(&Key::plain(KeyKind::Ed25519));
    let mut crowd = Crowd::connect(agent.socket(), CROWD, client::sign(KeyKind::Ed25519));
    Box::new(move || {
        let _running = &agent;
        crowd.ask(ROUND)
    })
}

fn six_keys(contestant: &Contestant) -> Agent {
    let agent = contestant.start_pinned();
    for kind in &KeyKind::SOFTWARE[..6] {
        agent.add(&Key::plain(*kind));
    }
    agent
}

fn listed(contestant: &Contestant) -> Meter {
    asked_alone(six_keys(contestant), client::list())
}

fn connected(contestant: &Contestant) -> Meter {
    let agent = six_keys(contestant);
    Box::new(move || {
        machine::pinned(|| {
            let (start, mut count) = (Instant::now(), 0);
            while start.elapsed() < ROUND {
                Client::connect(agent.socket()).ask(&client::list());
                count += 1;
            }
            f64::from(count) / start.elapsed().as_secs_f64()
        })
    })
}

fn among_idle(contestant: &Contestant) -> Meter {
    let agent = contestant.start_pinned();
    agent.add(&Key::plain(KeyKind::Ed25519));
    let idle = Idle::connect(agent.socket(), MANY);
    let mut client = Client::connect(agent.socket());
    let request = client::sign(KeyKind::Ed25519);
    client.ask(&request);
    Box::new(move || {
        let _open = (&idle, &agent);
        let latencies = machine::pinned(|| client.latencies(&request, ROUND));
        client::percentile(latencies, 0.5)
    })
}

fn started(contestant: &Contestant) -> Meter {
    let program = contestant.program().to_owned();
    Box::new(move || {
        let home = Home::new();
        let socket = home.path("agent.sock");
        let mut command = home.command(agent::link(&home, &program));
        command.arg("-D").arg("-a").arg(&socket);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut connection = loop {
            match Connection::try_open(&socket) {
                Ok(connection) => break connection,
                Err(_) => thread::sleep(Duration::from_micros(50)),
            }
        };
        connection.ask(&message::LIST);
        let taken = start.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        taken.as_secs_f64() * 1e6
    })
}

/// The resident memory of all processes of the agent; what two of them share counts twice.
fn resident(agent: &Agent) -> f64 {
    let sizes = agent.processes().into_iter().map(|pid| {
        let size = process::status(pid, "VmRSS");
        size.trim_end_matches(" kB").parse::<f64>().unwrap()
    });
    sizes.sum()
}

fn memory_empty(contestant: &Contestant) -> Meter {
    let agent = contestant.start();
    let mut client = Client::connect(agent.socket());
    client.ask(&client::list());
    Box::new(move || resident(&agent))
}

fn seed(number: u32) -> [u8; 32] {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    seed
}

fn add_many(agent: &Agent) {
    let mut client = Client::connect(agent.socket());
    for number in 1..MANY {
        client.ask(&message::string(&message::add(&seed(number), "a key")));
    }
}

fn memory_full(contestant: &Contestant) -> Meter {
    let agent = contestant.start();
    add_many(&agent);
    Box::new(move || resident(&agent))
}

fn many_identities(contestant: &Contestant) -> Meter {
    let agents = [0, 1].map(|_| contestant.start_pinned());
    let [_, full] = &agents;
    let request = client::sign_with(&message::ed25519_blob(&seed(0)), 0);
    add_many(full);
    let mut clients = agents
        .each_ref()
        .map(|agent| Client::connect(agent.socket()));
    for client in &mut clients {
        client.ask(&message::string(&message::add(&seed(0), "a key")));
        client.ask(&request);
    }
    Box::new(move || {
        let _running = &agents;
        let [one, many] = clients.each_mut().map(|client| {
            let latencies = machine::pinned(|| client.latencies(&request, ROUND));
            client::percentile(latencies, 0.5)
        });
        many / one
    })
}

fn beside_rsa(contestant: &Contestant) -> Meter {
    let agent = contestant.start();
    let (quick, slow) = (KeyKind::Ed25519, KeyKind::Rsa4096);
    agent.add(&Key::plain(quick));
    agent.add(&Key::plain(slow));
    let mut crowd = Crowd::connect(agent.socket(), CROWD, client::sign(slow));
    let mut client = Client::connect(agent.socket());
    Box::new(move || {
        let _running = &agent;
        let is_over = AtomicBool::new(false);
        let latencies = thread::scope(|scope| {
            scope.spawn(|| crowd.ask_until(|| is_over.load(Ordering::Relaxed)));
            let latencies = client.latencies(&client::sign(quick), LONG_ROUND);
            is_over.store(true, Ordering::Relaxed);
            latencies
        });
        client::percentile(latencies, 0.99)
    })
}
