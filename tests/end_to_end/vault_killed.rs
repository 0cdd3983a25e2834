//! Commands that are killed at any moment leave the vault as it was, or as it was to be.

use std::{collections::HashSet, fs, path::PathBuf, process::Command, thread, time::Instant};

use keyward_tests::{
    Home, Key, KeyKind, PlantedVault, Run,
    kill_points::{Calls, injected, is_long},
    planted_vault::{self, Contents},
};
use keyward_vault::{Sealed, SystemEntropy};
use serde_json::Value;

/// A command that changes a vault.
struct Change {
    arguments: Vec<String>,
    /// Says whether it was done.
    is_done: fn(&Contents) -> bool,
    /// What opens the vault then.
    passphrase: Option<&'static str>,
    /// A file that it makes besides.
    makes: Option<PathBuf>,
}

/// A vault before a change.
struct Scene {
    home: Home,
    vault: PlantedVault,
    before: Vec<u8>,
    /// Versions that are known to open.
    whole: HashSet<Vec<u8>>,
    /// Kinds of outcomes that a command was run after: whether the file is new, and the generation that was noted.
    met: HashSet<(bool, Option<u64>)>,
}

const NEW_PASSPHRASE: &str = "another passphrase for tests";

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let keys = [KeyKind::Ed25519, KeyKind::EcdsaP256].map(Key::plain);
        let vault = PlantedVault::new(&home, &[&keys[0], &keys[1]]);
        vault.change(|vault| {
            let gone = vault.key_named("ecdsa256").unwrap().id();
            vault
                .remove(gone, planted_vault::now(), &mut SystemEntropy)
                .unwrap();
            planted_vault::add_passphrase(vault, "a second way in for tests");
        });
        home.write("new", NEW_PASSPHRASE);
        let before = vault.bytes();
        Self {
            home,
            vault,
            before,
            whole: HashSet::new(),
            met: HashSet::new(),
        }
    }

    fn command(&self, change: &Change) -> Command {
        let arguments: Vec<&str> = change.arguments.iter().map(String::as_str).collect();
        self.vault.keyward(&self.home, &arguments)
    }

    /// Kills the command at each of its calls, or at every so many-th of them from the first on. Returns how often.
    fn kill_at_calls(&mut self, change: &Change, every: usize, first: usize) -> usize {
        let calls = Calls::of(&self.home, &self.command(change));
        self.judge(change, "unhurt");
        self.set_up(change);
        let mut points = calls.points().into_iter().skip(first).step_by(every);
        let mut kills = 0;
        for (name, when) in &mut points {
            kills += usize::from(self.kill_at(change, &name, when));
        }
        // What was left is removed with calls that the command does not make otherwise.
        let sweeps = (1..).take_while(|when| every == 1 && self.kill_at(change, "unlinkat", *when));
        kills += sweeps.count();
        self.command(change).succeeds();
        self.is_tidy();
        kills
    }

    /// Says whether the command was killed; if not, it has to have succeeded.
    fn kill_at(&mut self, change: &Change, name: &str, when: usize) -> bool {
        let injection = format!("{name}:signal=KILL:when={when}");
        let run = injected(&self.home, &self.command(change), &injection).outcome();
        self.judge(change, &injection);
        self.set_up(change);
        assert!(matches!(run.code, None | Some(0)), "{injection}: {run:?}");
        run.code.is_none()
    }

    fn set_up(&self, change: &Change) {
        self.vault.put_back(&self.home, &self.before);
        if let Some(path) = &change.makes {
            let _ = fs::remove_file(path);
        }
    }

    /// Requires the old vault or the new one, and older versions that open.
    fn judge(&mut self, change: &Change, at: &str) {
        let now = self.vault.bytes();
        let is_new = now != self.before;
        if is_new {
            let passphrase = change.passphrase.unwrap_or(self.vault.passphrase());
            let contents = Contents::of(&planted_vault::open(now.clone(), passphrase));
            let before = Sealed::read(self.before.clone()).unwrap().generation();
            assert_eq!(contents.generation, before + 1, "{at}");
            assert!((change.is_done)(&contents), "{at}: {contents:?}");
            let kept = fs::read(self.vault.path().with_extension("1")).unwrap();
            assert!(kept == self.before, "{at}: the version before is not kept");
            self.whole.insert(now);
        }
        for back in 1..=3 {
            let path = self.vault.path().with_extension(back.to_string());
            let older = fs::read(path).unwrap_or_default();
            // One of them may be missing while they move on.
            if !older.is_empty() && self.whole.insert(older.clone()) {
                let _ = planted_vault::open(older, self.vault.passphrase());
            }
        }
        if self.met.insert((is_new, self.noted())) {
            self.lists(change, is_new, at);
        }
    }

    /// The next command has to work.
    fn lists(&self, change: &Change, is_new: bool, at: &str) {
        let passphrase = change.passphrase.filter(|_| is_new);
        let passphrase = passphrase.unwrap_or(self.vault.passphrase());
        self.home.write("now", passphrase);
        let mut list = self.home.command(keyward_tests::program::path());
        list.args(["list", "--json", "--passphrase-file"]);
        let listed = list.arg(self.home.path("now")).outcome();
        assert_eq!(listed.code, Some(0), "{at}: {listed:?}");
        assert!(listed.stdout.contains("ed25519"), "{at}: {listed:?}");
    }

    /// The generation that this machine has noted.
    fn noted(&self) -> Option<u64> {
        let folder = fs::read_dir(self.home.path("state/keyward/vaults")).ok()?;
        let names = folder.map(|entry| entry.unwrap().path());
        let mut notes = names.filter(|path| path.extension().is_some_and(|it| it == "json"));
        let note: Value = serde_json::from_slice(&fs::read(notes.next()?).ok()?).unwrap();
        note["generation"].as_u64()
    }

    #[track_caller]
    fn is_tidy(&self) {
        let left = ["vault", "vault.1", "vault.2", "vault.3", "vault.lock"];
        assert_eq!(self.vault.names(), left);
        let notes = fs::read_dir(self.home.path("state/keyward/vaults")).unwrap();
        let names = notes.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left: Vec<String> = names.filter(|name| name.contains("tmp-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn change(arguments: &[&str], is_done: fn(&Contents) -> bool) -> Change {
    Change {
        arguments: arguments.iter().map(ToString::to_string).collect(),
        is_done,
        passphrase: None,
        makes: None,
    }
}

/// All commands save in the same way: one of them is killed at each call, and the others at every third, each from another
/// one on.
fn stride() -> usize {
    if is_long() { 1 } else { 3 }
}

/// Every which call is enough for commands that derive a key at its full cost.
fn long_stride() -> usize {
    if is_long() { 1 } else { 10 }
}

fn survives(arguments: &[&str], first: usize, is_done: fn(&Contents) -> bool) {
    let mut scene = Scene::new();
    let kills = scene.kill_at_calls(&change(arguments, is_done), stride(), first);
    assert!(kills > 6, "{kills} kills only");
}

#[test]
fn generate_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let generate = change(&["generate", "fresh"], |now| now.has("fresh"));
    let kills = Scene::new().kill_at_calls(&generate, 1, 0);
    assert!(kills > 20, "{kills} kills only");
}

#[test]
fn rename_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let is_done = |now: &Contents| now.has("ed25519-renamed") && !now.has("ed25519");
    survives(&["rename", "ed25519", "ed25519-renamed"], 0, is_done);
}

#[test]
fn edit_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let is_done = |now: &Contents| now.keys["ed25519"].ends_with(" of tests");
    survives(&["edit", "ed25519", "--comment", "of tests"], 1, is_done);
}

#[test]
fn remove_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let mut scene = Scene::new();
    scene.vault.change(|vault| {
        let key = Key::plain(KeyKind::EcdsaP384);
        planted_vault::insert(vault, "ed25519-2", planted_vault::private(&key));
    });
    scene.before = scene.vault.bytes();
    let is_done = |now: &Contents| !now.has("ed25519-2") && now.removed.contains("ed25519-2");
    let kills = scene.kill_at_calls(&change(&["remove", "ed25519-2"], is_done), stride(), 0);
    assert!(kills > 6, "{kills} kills only");
}

#[test]
fn undelete_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let is_done = |now: &Contents| now.has("ecdsa256") && now.removed.is_empty();
    survives(&["undelete", "ecdsa256"], 2, is_done);
}

#[test]
fn import_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let mut scene = Scene::new();
    let key = Key::fresh(&scene.home, KeyKind::Ed25519, "new-key", "");
    let path = key.path.display().to_string();
    let import = change(&["import", &path], |now| now.has("new-key"));
    let kills = scene.kill_at_calls(&import, stride(), 1);
    assert!(kills > 6, "{kills} kills only");
}

#[test]
fn slot_remove_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let mut scene = Scene::new();
    let second = scene.vault.contents().slots[2].clone();
    let is_done = |now: &Contents| now.slots.len() == 2;
    let kills = scene.kill_at_calls(&change(&["slot", "remove", &second], is_done), stride(), 2);
    assert!(kills > 6, "{kills} kills only");
}

#[test]
fn slot_add_recovery_killed_at_each_call_leaves_the_old_vault_or_the_new() {
    let mut scene = Scene::new();
    let code = scene.home.path("code");
    let path = code.display().to_string();
    let arguments = ["slot", "add", "recovery", "--recovery-out", &path];
    let add = Change {
        makes: Some(code),
        ..change(&arguments, |now| now.slots.len() == 4)
    };
    let kills = scene.kill_at_calls(&add, stride(), 0);
    assert!(kills > 6, "{kills} kills only");
}

#[test]
fn passwd_killed_at_calls_leaves_the_old_passphrase_or_the_new() {
    let mut scene = Scene::new();
    let path = scene.home.path("new").display().to_string();
    let passwd = Change {
        passphrase: Some(NEW_PASSPHRASE),
        ..change(&["passwd", "--new-passphrase-file", &path], |now| {
            now.slots.len() == 3
        })
    };
    let kills = scene.kill_at_calls(&passwd, long_stride(), 3);
    assert!(kills > 1, "{kills} kills only");
}

#[test]
fn slot_add_passphrase_killed_at_calls_leaves_the_old_vault_or_the_new() {
    let mut scene = Scene::new();
    let path = scene.home.path("new").display().to_string();
    let arguments = ["slot", "add", "passphrase", "--new-passphrase-file", &path];
    let add = change(&arguments, |now| now.slots.len() == 4);
    let kills = scene.kill_at_calls(&add, long_stride(), 6);
    assert!(kills > 1, "{kills} kills only");
}

#[test]
fn fsck_repair_killed_at_each_call_leaves_the_damaged_vault_or_the_mended() {
    let mut scene = Scene::new();
    // A byte of the first header: the twin serves, so that what is there opens before and after.
    scene.before[50] ^= 1;
    scene.vault.put_back(&scene.home, &scene.before);
    let repair = change(&["fsck", "--repair"], |now| {
        now.has("ed25519") && now.removed.contains("ecdsa256") && now.slots.len() == 3
    });
    let kills = scene.kill_at_calls(&repair, 1, 0);
    assert!(kills > 20, "{kills} kills only");
    scene.vault.keyward(&scene.home, &["fsck"]).succeeds();
}

#[test]
fn restore_killed_at_each_call_leaves_the_vault_or_the_copy() {
    let mut scene = Scene::new();
    let copy = scene.home.write("copy", &scene.before);
    scene.vault.change(|vault| {
        let key = Key::plain(KeyKind::EcdsaP384);
        planted_vault::insert(vault, "since", planted_vault::private(&key));
    });
    scene.before = scene.vault.bytes();
    let copy = copy.display().to_string();
    let restore = change(&["backup", "restore", &copy, "--accept-rollback"], |now| {
        now.has("ed25519") && !now.has("since")
    });
    let kills = scene.kill_at_calls(&restore, stride(), 0);
    assert!(kills > 6, "{kills} kills only");
}

#[test]
fn backup_killed_at_each_call_leaves_no_half_copy() {
    let scene = Scene::new();
    let folder = scene.home.path("stick");
    fs::create_dir(&folder).unwrap();
    let mut create = scene.home.command(keyward_tests::program::path());
    create.args(["backup", "create"]).arg(&folder);
    let points = Calls::of(&scene.home, &create).points();
    let (mut kills, mut made) = (0, 0);
    for (name, when) in points {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let injection = format!("{name}:signal=KILL:when={when}");
        let run = injected(&scene.home, &create, &injection).outcome();
        assert!(matches!(run.code, None | Some(0)), "{injection}: {run:?}");
        kills += usize::from(run.code.is_none());
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "vault") {
                assert!(fs::read(path).unwrap() == scene.before, "{injection}");
                made += 1;
            }
        }
    }
    assert!(kills > 10 && made > 2, "{kills} kills, {made} copies");
    assert!(scene.vault.bytes() == scene.before);
}

#[test]
fn init_killed_at_calls_leaves_no_vault_or_a_whole_one() {
    let home = Home::new();
    let new = home.write("new", NEW_PASSPHRASE);
    let path = home.path("data/keyward/vault");
    let mut init = home.command(keyward_tests::program::path());
    init.args(["init", "--no-recovery", "--new-passphrase-file"]);
    init.arg(new);
    let points = Calls::of(&home, &init).points();
    let mut kills = 0;
    for (name, when) in points.iter().skip(3).step_by(long_stride()) {
        let _ = fs::remove_dir_all(home.path("data"));
        let _ = fs::remove_dir_all(home.path("state"));
        let injection = format!("{name}:signal=KILL:when={when}");
        let run = injected(&home, &init, &injection).outcome();
        if path.exists() {
            let sealed = Sealed::read(fs::read(&path).unwrap());
            let sealed = sealed.unwrap_or_else(|error| panic!("{injection}: {error}"));
            assert_eq!(sealed.generation(), 1, "{injection}");
            assert_eq!(sealed.slots().len(), 1, "{injection}");
            let _ = fs::remove_file(&path);
        }
        assert!(matches!(run.code, None | Some(0)), "{injection}: {run:?}");
        kills += usize::from(run.code.is_none());
    }
    assert!(kills > 1, "{kills} kills only");
    init.succeeds();
    let _ = planted_vault::open(fs::read(path).unwrap(), NEW_PASSPHRASE);
}

/// Kills in the middle of whatever it is, most of them around the save.
#[test]
fn commands_killed_at_any_moment_lose_nothing_that_was_said_to_be_saved() {
    let mut scene = Scene::new();
    let rounds = if is_long() { 2_000 } else { 200_u32 };
    let (mut kept, mut killed) = (HashSet::new(), 0);
    let started = Instant::now();
    scene
        .vault
        .keyward(&scene.home, &["generate", "first"])
        .succeeds();
    let whole = started.elapsed();
    for round in 0..rounds {
        let name = format!("key-{round}");
        let mut command = scene.vault.keyward(&scene.home, &["generate", &name]);
        let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        // The moment matters only in that it is another one each time.
        thread::sleep(whole.mul_f64(f64::from(round * 7_919 % 1_300) / 1_000.0));
        let _ = child.kill();
        let status = child.wait().unwrap();
        let now = scene.vault.bytes();
        if status.success() {
            kept.insert(name);
        } else {
            assert_eq!(status.code(), None, "{status} in round {round}");
            killed += 1;
        }
        if now != scene.before {
            let contents = scene.vault.contents();
            let lost: Vec<_> = kept.iter().filter(|name| !contents.has(name)).collect();
            assert!(lost.is_empty(), "{lost:?} in round {round}");
            scene.before = now;
        }
    }
    assert!(killed > rounds / 10, "{killed} kills only");
    assert!(kept.len() > 5, "{} saves only", kept.len());
    scene
        .vault
        .keyward(&scene.home, &["generate", "last"])
        .succeeds();
    scene.is_tidy();
}
