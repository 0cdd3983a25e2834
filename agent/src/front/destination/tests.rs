//! Hosts, constraints and connections for the tests of paths and of signatures.

mod path;
mod sign;

use super::*;
use crate::front::binding::test_host::{TestCertificate, TestHost};
use crate::protocol::extension::restrict_destination::HopKey;
use crate::protocol::wire::{WireError, Writer as _};

const NOW: u64 = 1_000;

/// From here to a, from there to b, and so on.
const CHAIN: [&str; 5] = [
    "host_a",
    "host_a>host_b",
    "host_b>host_c",
    "host_c>host_d",
    "host_d>host_e",
];

/// Hosts a, b, c, x with plain keys and d, e with certificates for their names.
fn host(name: &str) -> TestHost {
    let authority = TestHost::new("ca");
    match name {
        "host_d" | "host_e" => certified(name, &authority, (0, u64::MAX)),
        _ => TestHost::new(name),
    }
}

fn certified(name: &str, authority: &TestHost, validity: (u64, u64)) -> TestHost {
    TestHost::certified(
        name,
        &TestCertificate {
            authority,
            kind: 2,
            principals: &[name],
            validity,
            critical_option: None,
        },
    )
}

/// What `ssh-add -h` makes of `host` or `user@host`: the plain keys of a, b, c and x are known,
/// and one authority for all.
fn hop(spec: &str) -> Hop {
    let (user, name) = spec.split_once('@').unwrap_or(("", spec));
    let mut keys = vec![HopKey {
        blob: TestHost::new("ca").plain().to_vec(),
        is_ca: true,
    }];
    if !matches!(name, "host_d" | "host_e") {
        keys.push(HopKey {
            blob: TestHost::new(name).plain().to_vec(),
            is_ca: false,
        });
    }
    Hop {
        user: user.to_owned(),
        host: name.to_owned(),
        keys,
    }
}

/// Makes the constraints of several `-h`.
fn restrict(specs: &[&str]) -> Vec<DestinationConstraint> {
    let step = |spec: &&str| match spec.split_once('>') {
        Some((from, to)) => DestinationConstraint {
            from: hop(from),
            to: hop(to),
        },
        None => DestinationConstraint {
            from: Hop {
                user: String::new(),
                host: String::new(),
                keys: Vec::new(),
            },
            to: hop(spec),
        },
    };
    specs.iter().map(step).collect()
}

/// Binds a connection along `path`, each letter a host; all but the last forward, and the last one
/// does so when `forwarding`.
fn connection(path: &str, forwarding: bool) -> Bindings {
    let mut bindings = Bindings::new();
    for (index, letter) in path.chars().enumerate() {
        let last = index + 1 == path.len();
        let bind = host(&format!("host_{letter}")).bind(&session(index), forwarding || !last);
        bindings.bind(Ok(bind.message())).unwrap();
    }
    bindings
}

fn session(index: usize) -> Vec<u8> {
    format!("session {index}").into_bytes()
}

fn key() -> Vec<u8> {
    TestHost::new("user_a").plain().to_vec()
}

fn login(user: &str, session_id: &[u8], host_key: Option<&[u8]>) -> Vec<u8> {
    let mut data = Vec::new();
    data.put_string(session_id);
    data.push(50);
    data.put_string(user.as_bytes());
    data.put_string(b"ssh-connection");
    data.put_string(match host_key {
        Some(_) => b"publickey-hostbound-v00@openssh.com",
        None => b"publickey",
    });
    data.push(1);
    data.put_string(b"ssh-ed25519");
    data.put_string(&key());
    if let Some(host_key) = host_key {
        data.put_string(host_key);
    }
    data
}

/// Signs a login of alice at the end of `path`, as `ssh` there asks for it.
fn sign<'a>(
    constraints: &'a [DestinationConstraint],
    path: &str,
) -> Result<Permission<'a>, Refusal> {
    let bindings = connection(path, false);
    let last = bindings.last().unwrap();
    let data = login("alice", last.session_id(), Some(last.host_key().blob()));
    permitted_to_sign(constraints, &bindings, &key(), &data, NOW)
}

/// Lists at the end of `path`, over the forwarded agent.
fn list<'a>(
    constraints: &'a [DestinationConstraint],
    path: &str,
) -> Result<Permission<'a>, Refusal> {
    permitted(constraints, &connection(path, true), None, NOW)
}
