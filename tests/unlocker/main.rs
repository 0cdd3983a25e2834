//! The program under test with another unlocker.
//!
//! An agent starts its own executable as its unlocker. So this is the program, and only by the name of the unlocker it is
//! something else: it reads a file of `keyward_tests::vault` and hands the keys over by the program's own client. What is
//! shipped has no way to choose another unlocker.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use keyward_agent::client::Client;
use keyward_agent::front::unlocker::UNLOCKER_NAME;
use keyward_agent::front::vault::message::{Begin, Id, Key, Public, Purpose, State};
use keyward_tests::{KeyKind, deadline, vault};
use serde_json::{Value, json};

/// How long to wait to be told to go on.
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let mut arguments = env::args();
    let called = PathBuf::from(arguments.next().unwrap_or_default());
    if called.file_name().is_none_or(|name| name != UNLOCKER_NAME) {
        return keyward_cli::main();
    }
    unlock(&arguments.collect::<Vec<_>>())
}

fn unlock(arguments: &[String]) -> ExitCode {
    let (socket, path) = (Path::new(&arguments[0]), Path::new(&arguments[1]));
    let log = path.with_extension("log");
    let mut log: File = OpenOptions::new()
        .append(true)
        .create(true)
        .open(log)
        .unwrap();
    writeln!(log, "{}", arguments.join("|")).unwrap();
    let content: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    if content["wait"] == true {
        deadline::until("the word to go on", LIMIT, || {
            path.with_extension("go").exists()
        });
    }
    let code = u8::try_from(content["code"].as_u64().unwrap()).unwrap();
    if code != 0 {
        eprintln!("error: told to exit with {code}");
        return ExitCode::from(code);
    }
    match hand_over(socket, path, &content) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn hand_over(
    socket: &Path,
    path: &Path,
    content: &Value,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut client = Client::connect(socket)?;
    let is_open = content["state"] == "open";
    let is_update = content["purpose"] == "update";
    client.vault_begin(&Begin {
        vault: id(&content["vault"]),
        path: path.display().to_string(),
        generation: content["generation"].as_u64().unwrap(),
        state: if is_open { State::Open } else { State::Closed },
        purpose: if is_update {
            Purpose::Update
        } else {
            Purpose::Unlock
        },
    })?;
    for entry in content["keys"].as_array().unwrap() {
        let is_private = is_open && entry["held"] == false;
        send(&mut client, entry, false, is_private)?;
        if entry["certified"] == true {
            send(&mut client, entry, true, is_private)?;
        }
    }
    Ok(serde_json::to_string(&client.vault_commit()?)?)
}

fn send(
    client: &mut Client,
    entry: &Value,
    certified: bool,
    is_private: bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let file = keyward_tests::Key {
        path: PathBuf::from(entry["path"].as_str().unwrap()),
        kind: KeyKind::ALL[usize::try_from(entry["kind"].as_u64().unwrap()).unwrap()],
    };
    let constraints = entry["constraints"].as_array().unwrap().iter();
    let constraints: Vec<u8> = constraints
        .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap())
        .collect();
    let listing = json!({ "name": entry["name"] });
    let key = Key {
        record: id(&entry["record"]),
        version: entry["version"].as_u64().unwrap(),
        listing: serde_json::value::to_raw_value(&listing)?,
    };
    if is_private {
        let body = [vault::add_body(&file, certified), constraints].concat();
        client.vault_private_key(&key, &body)?;
    } else {
        let blob = match certified {
            true => vault::certificate(&file),
            false => file.blob(),
        };
        let comment = file.kind.name().to_owned();
        let public = Public {
            blob,
            comment,
            constraints,
        };
        client.vault_public_key(&key, &public)?;
    }
    Ok(())
}

fn id(value: &Value) -> Id {
    Id::try_from(value.as_str().unwrap().to_owned()).unwrap()
}
