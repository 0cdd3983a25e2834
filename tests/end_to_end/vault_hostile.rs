//! Vault files from strangers.

use std::ops::Range;

use keyward_tests::{Home, Key, KeyKind, PlantedVault, Run, kill_points::is_long, run::Outcome};
use sha2::{Digest, Sha256};

/// Memory in KiB, passes and lanes of the first slot (`FORMAT.md` sections 2.1 and 3.1).
const COSTS: Range<usize> = 220..232;
/// The digest at the end of a header.
const END: usize = 32;
/// What stands after the twin of the header.
const TRAILER: usize = 12;

/// What a refusal may take above the refusal of a file that is no vault: KiB, and seconds in a build for tests.
const MEMORY_MAX: u64 = 16 << 10;
const TIME_MAX: f64 = 0.1;

struct Scene {
    home: Home,
    vault: PlantedVault,
    before: Vec<u8>,
    listed: String,
}

impl Scene {
    fn new() -> Self {
        let home = Home::new();
        let keys = [KeyKind::Ed25519, KeyKind::Rsa3072].map(Key::plain);
        let vault = PlantedVault::new(&home, &[&keys[0], &keys[1]]);
        let listed = vault.keyward(&home, &["list", "--json"]).succeeds().stdout;
        Self {
            before: vault.bytes(),
            home,
            vault,
            listed,
        }
    }

    fn list(&self, bytes: &[u8]) -> Outcome {
        self.vault.put_back(&self.home, bytes);
        self.vault
            .keyward(&self.home, &["list", "--json"])
            .outcome()
    }

    /// Requires a refusal, or the right keys where what is damaged is there twice.
    fn judge(&self, bytes: &[u8], at: &str) -> bool {
        let run = self.list(bytes);
        let message = run.stderr.trim_end();
        assert!(!message.contains("panicked"), "{at}: {run:?}");
        if run.code == Some(0) {
            assert_eq!(run.stdout, self.listed, "{at}");
            assert!(message.starts_with("warning: "), "{at}: {run:?}");
            return false;
        }
        assert!(matches!(run.code, Some(3 | 4)), "{at}: {run:?}");
        assert!(run.stdout.is_empty(), "{at}: {run:?}");
        let lines = message.lines();
        let is_told = lines.clone().any(|line| line.starts_with("error: "));
        let is_clear = lines.clone().all(|line| {
            ["error: ", "hint: ", "warning: "]
                .iter()
                .any(|start| line.starts_with(start))
        });
        assert!(is_told && is_clear, "{at}: {run:?}");
        true
    }

    /// How much memory in KiB and how many seconds a refusal takes: the median of some.
    fn price(&self, bytes: &[u8]) -> (u64, f64) {
        self.vault.put_back(&self.home, bytes);
        let list = self.vault.keyward(&self.home, &["list"]);
        let script = "import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic() - start)";
        let measure = || {
            let mut python = self.home.command("/usr/bin/python3");
            python.args(["-c", script]).arg(list.get_program());
            let said = python.args(list.get_args()).succeeds().stdout;
            let (memory, time) = said.trim().split_once(' ').unwrap();
            (memory.parse().unwrap(), time.parse().unwrap())
        };
        let mut all: Vec<(u64, f64)> = (0..5).map(|_| measure()).collect();
        all.sort_by(|one, other| one.1.total_cmp(&other.1));
        let memory = all.iter().map(|each| each.0).max();
        (memory.unwrap(), all[2].1)
    }
}

/// Writes other costs into both headers, and their digests anew.
fn with_costs(file: &[u8], costs: [u32; 3]) -> Vec<u8> {
    let length = u32::from_be_bytes(file[12..16].try_into().unwrap());
    let length = usize::try_from(length).unwrap();
    let mut header = file[..length].to_vec();
    let bytes: Vec<u8> = costs.iter().flat_map(|cost| cost.to_be_bytes()).collect();
    assert_eq!(header[COSTS], [0, 0, 0x4c, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    header[COSTS].copy_from_slice(&bytes);
    let digest = Sha256::digest(&header[..length - END]);
    header[length - END..].copy_from_slice(&digest);
    let mut changed = file.to_vec();
    changed[..length].copy_from_slice(&header);
    let twin = file.len() - TRAILER - length;
    changed[twin..twin + length].copy_from_slice(&header);
    changed
}

#[test]
fn costs_out_of_bounds_are_refused_at_no_cost() {
    let scene = Scene::new();
    let (memory, time) = scene.price(b"not a vault");
    let hostile = [
        [u32::MAX, u32::MAX, u32::MAX],
        [2_097_153, 1, 1],
        [2_097_152, 3, 4],
        [131_073, 32, 1],
        [19_456, 33, 1],
        [19_456, 1, 17],
        [19_455, 1, 1],
        [0, 0, 0],
    ];
    for costs in hostile {
        let file = with_costs(&scene.before, costs);
        assert!(scene.judge(&file, &format!("{costs:?}")));
        assert_eq!(scene.list(&file).code, Some(3), "{costs:?}");
        let (took, seconds) = scene.price(&file);
        assert!(
            took < memory + MEMORY_MAX,
            "{costs:?}: {took} KiB, {memory} KiB"
        );
        assert!(
            seconds < time + TIME_MAX,
            "{costs:?}: {seconds} s, {time} s"
        );
    }
    // Costs within bounds are paid, for a passphrase that is right no more.
    let dear = with_costs(&scene.before, [65_536, 1, 1]);
    let (took, _) = scene.price(&dear);
    assert!(took > memory + MEMORY_MAX, "{took} KiB, {memory} KiB");
}

#[test]
fn truncated_vaults_are_refused() {
    let scene = Scene::new();
    let length = scene.before.len();
    let step = if is_long() { 1 } else { length / 40 };
    for end in (0..length)
        .step_by(step)
        .chain([1, length - 12, length - 1])
    {
        scene.judge(&scene.before[..end], &format!("{end} bytes"));
    }
    let refused = scene.judge(&scene.before[..length / 2], "half");
    assert!(refused);
}

#[test]
fn vaults_with_changed_bits_never_list_wrong_keys() {
    let scene = Scene::new();
    let bits = scene.before.len() * 8;
    let (flips, mut refusals) = (if is_long() { 3_000 } else { 80 }, 0);
    for number in 0..flips {
        // Prime to the number of bits, so that they are spread.
        let bit = number * (bits / flips) + number * 7_919 % 8;
        let mut changed = scene.before.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        refusals += usize::from(scene.judge(&changed, &format!("bit {bit}")));
    }
    assert!(refusals > flips / 2, "{refusals} refusals only");
}
