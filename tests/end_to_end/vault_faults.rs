//! A disk that fails leaves the vault as it was, and the person is told why.

use std::{fs, process::Command};

use keyward_tests::{
    Home, Key, KeyKind, PlantedVault, Run,
    kill_points::{Calls, injected, is_long},
    run::Outcome,
};

/// What a disk says, and the system's words for it.
const CAUSES: [(&str, &str); 4] = [
    ("ENOSPC", "No space left on device"),
    ("EIO", "Input/output error"),
    ("EDQUOT", "Disk quota exceeded"),
    ("EROFS", "Read-only file system"),
];

/// The calls that can fail so.
const CALLS: [&str; 8] = [
    "write",
    "fsync",
    "openat",
    "renameat",
    "renameat2",
    "linkat",
    "mkdirat",
    "unlinkat",
];

struct Scene {
    home: Home,
    vault: PlantedVault,
    before: Vec<u8>,
    /// What is done, and whether the vault has the key "fresh" when it was.
    arguments: &'static [&'static str],
    makes: bool,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let vault = PlantedVault::new(&home, &[&Key::plain(KeyKind::Ed25519)]);
        let before = vault.bytes();
        Self {
            home,
            vault,
            before,
            arguments: &["generate", "fresh"],
            makes: true,
        }
    }

    /// One in which a copy without the key comes back over a vault with it.
    fn restoring() -> Self {
        let scene = Self::new();
        let mut create = scene.home.command(keyward_tests::program::path());
        create.args(["backup", "create", "copy"]).succeeds();
        scene.command().succeeds();
        Self {
            before: scene.vault.bytes(),
            arguments: &["backup", "restore", "copy", "--accept-rollback"],
            makes: false,
            ..scene
        }
    }

    fn command(&self) -> Command {
        self.vault.keyward(&self.home, self.arguments)
    }

    /// Runs the command with a failure injected and says whether it failed.
    fn fails(&self, call: &str, when: &str, (errno, words): (&str, &str)) -> bool {
        self.vault.put_back(&self.home, &self.before);
        let injection = format!("{call}:error={errno}:when={when}");
        let run = injected(&self.home, &self.command(), &injection).outcome();
        // Nothing is said where standard error cannot be written either.
        let is_silent = call == "write" && when.ends_with('+');
        self.judge(&run, words, is_silent, &injection);
        run.code != Some(0)
    }

    fn judge(&self, run: &Outcome, words: &str, is_silent: bool, at: &str) {
        let left = ["vault", "vault.1", "vault.2", "vault.3", "vault.lock"];
        let mut names = self.vault.names();
        // A save that is undone takes the newest of the older versions, which is the current one.
        if run.code == Some(1) && !names.contains(&left[1].to_owned()) {
            names.insert(1, left[1].to_owned());
        }
        assert_eq!(names, left, "{at}");
        assert_eq!(temporary(&self.home), Vec::<String>::new(), "{at}");
        let is_new = self.vault.bytes() != self.before;
        match run.code {
            Some(0) => assert!(
                is_new && self.vault.contents().has("fresh") == self.makes,
                "{at}: {run:?}"
            ),
            // The key that was made is in the vault, and can be printed once more; a plan comes before what is done.
            Some(1) if run.stderr.contains("standard output") => {
                assert_eq!(is_new, self.makes, "{at}");
            }
            Some(1 | 3) => {
                assert!(!is_new || is_silent, "{at}: {run:?}");
                let is_told = run.stderr.contains("error: ") && run.stderr.contains(words);
                assert!(is_told || is_silent, "{at}: {run:?}");
            }
            _ => panic!("{at}: {run:?}"),
        }
    }
}

/// The names of temporary files below the folder of state.
fn temporary(home: &Home) -> Vec<String> {
    let mut find = home.command("find");
    let found = find
        .arg(home.folder())
        .args(["-name", "*.tmp-*"])
        .succeeds();
    found.stdout.lines().map(str::to_owned).collect()
}

fn survives(scene: &Scene, (errno, words): (&str, &str)) {
    let calls = Calls::of(&scene.home, &scene.command());
    let mut failures = 0;
    for call in CALLS {
        for when in calls.numbers_of(call) {
            failures += usize::from(scene.fails(call, &when.to_string(), (errno, words)));
            // A disk that is full stays so.
            let stays = matches!(call, "write" | "fsync") || is_long();
            if stays {
                failures += usize::from(scene.fails(call, &format!("{when}+"), (errno, words)));
            }
        }
    }
    assert!(failures > 12, "{failures} failures only");
}

#[test]
fn restore_that_fails_at_any_call_leaves_the_vault() {
    let scene = Scene::restoring();
    survives(&scene, CAUSES[0]);
    survives(&scene, CAUSES[1]);
}

#[test]
fn full_disk_at_any_call_leaves_the_old_vault() {
    survives(&Scene::new(), CAUSES[0]);
}

#[test]
fn broken_disk_at_any_call_leaves_the_old_vault() {
    survives(&Scene::new(), CAUSES[1]);
}

#[test]
fn exceeded_quota_at_any_call_leaves_the_old_vault() {
    survives(&Scene::new(), CAUSES[2]);
}

#[test]
fn read_only_disk_at_any_call_leaves_the_old_vault() {
    survives(&Scene::new(), CAUSES[3]);
}

#[test]
fn failed_save_exits_with_1_and_names_file_and_cause() {
    let scene = Scene::new();
    let calls = Calls::of(&scene.home, &scene.command());
    scene.vault.put_back(&scene.home, &scene.before);
    // The first write is that of the note, the second that of the vault.
    let when = calls.start("write") + 1;
    let injection = format!("write:error=ENOSPC:when={when}");
    let run = injected(&scene.home, &scene.command(), &injection).exits(1);
    let expected = format!("error: write {}.tmp-", scene.vault.path().display());
    assert!(run.stderr.starts_with(&expected), "{run:?}");
    assert!(
        run.stderr.ends_with(": No space left on device\n"),
        "{run:?}"
    );
}

#[test]
fn vault_is_open_to_its_owner_where_nothing_can_be_noted() {
    let scene = Scene::new();
    scene.vault.put_back(&scene.home, &scene.before);
    let list = scene.vault.keyward(&scene.home, &["list"]);
    let run = injected(&scene.home, &list, "mkdirat:error=EROFS").exits(0);
    assert!(run.stdout.contains("ed25519"), "{run:?}");
    assert!(run.stderr.starts_with("warning: "), "{run:?}");
    let warning = run.stderr.lines().next().unwrap_or_default();
    assert!(warning.ends_with(": Read-only file system"), "{run:?}");
}

/// A disk on which the next page is one too many, then one on which the second is, and so on until a save fits.
#[test]
fn save_on_a_disk_that_is_full_leaves_the_old_vault() {
    let scene = Scene::new();
    let disk = scene.home.path("disk");
    fs::create_dir(&disk).unwrap();
    let program = keyward_tests::program::path();
    let script = format!(
        "set -e
        mount -t tmpfs -o size=256k,mode=0700 disk {disk}
        cp -p {vault} {disk}/vault
        head -c 1M /dev/zero >{disk}/filler 2>/dev/null || :
        for free in 0 4 8 12 16 20 24 28 32; do
            truncate -s $(($(stat -c %s {disk}/filler) - free * 1024)) {disk}/filler
            sum=$(sha256sum <{disk}/vault)
            code=0
            {program} generate fresh --vault {disk}/vault --passphrase-file {home}/passphrase 2>err >out || code=$?
            test \"$sum\" = \"$(sha256sum <{disk}/vault)\" && state=old || state=new
            echo $free $code $state $(ls {disk} | grep -c tmp-) $(head -n 1 err)
            test $code = 1 || exit 0
        done",
        disk = disk.display(),
        vault = scene.vault.path().display(),
        program = program.display(),
        home = scene.home.folder().display(),
    );
    let mut unshare = scene.home.command("unshare");
    let said = unshare.args(["-m", "sh", "-c", &script]).succeeds().stdout;
    let lines: Vec<&str> = said.lines().collect();
    let (last, failed) = lines.split_last().unwrap();
    assert!(failed.len() > 1, "{said}");
    for line in failed {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words[1..5], ["1", "old", "0", "error:"], "{said}");
        assert!(line.ends_with("No space left on device"), "{said}");
    }
    let words: Vec<&str> = last.split(' ').collect();
    assert_eq!(words[1..4], ["0", "new", "0"], "{said}");
}
