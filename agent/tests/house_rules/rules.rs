//! One test for each rule.

use super::imports::{self, Modules};
use super::source::{self, CRATES, Source};

const LINES_MAX: usize = 400;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 7] = [
    "common", "helpers", "misc", "shared", "types", "util", "utils",
];

/// Where memory is handled that no safe wrapper reaches.
const UNSAFE: [&str; 8] = [
    "agent/src/footprint.rs",
    "agent/src/secret_memory/allocator.rs",
    "agent/src/secret_memory/heap.rs",
    "agent/src/secret_memory/region.rs",
    "agent/src/key/rsa.rs",
    "agent/src/keeper/sandbox.rs",
    "agent/src/keeper/sandbox/tests.rs",
    "agent/src/secret_memory/stack.rs",
];

/// The paths of the files that break a rule.
fn breaking(breaks: impl Fn(&Source) -> bool) -> Vec<String> {
    let sources = source::workspace();
    let broken = sources.iter().filter(|source| breaks(source));
    broken
        .map(|source| source.path.display().to_string())
        .collect()
}

#[test]
fn no_production_file_is_longer_than_the_limit() {
    let long = breaking(|source| {
        source.is_production() && source.production().lines().count() > LINES_MAX
    });
    assert_eq!(long, [""; 0]);
}

#[test]
fn modules_are_files_beside_their_folder() {
    assert_eq!(breaking(|source| source.path.ends_with("mod.rs")), [""; 0]);
}

#[test]
fn names_of_files_say_what_is_in_them() {
    let empty = breaking(|source| {
        let name = source.path.file_stem().and_then(|name| name.to_str());
        name.is_some_and(|name| EMPTY_NAMES.contains(&name))
    });
    assert_eq!(empty, [""; 0]);
}

#[test]
fn only_memory_is_unsafe() {
    let keywords = ["{", "fn", "impl", "extern", "trait"].map(|what| format!("unsafe {what}"));
    let is_unsafe = |source: &Source| {
        let lines = source.text.lines();
        let mut code = lines.map(|line| line.split("//").next().unwrap_or_default());
        code.any(|line| keywords.iter().any(|keyword| line.contains(keyword)))
    };
    let is_listed = |source: &Source| UNSAFE.iter().any(|listed| source.path.ends_with(listed));
    let itself = |source: &Source| source.path.ends_with("house_rules/rules.rs");
    let found = breaking(|source| is_unsafe(source) && !is_listed(source) && !itself(source));
    assert_eq!(found, [""; 0]);
    let stale = breaking(|source| is_listed(source) && !is_unsafe(source));
    assert_eq!(stale, [""; 0], "listed without need");
}

#[test]
fn modules_use_only_those_above_them() {
    let mut broken = Vec::new();
    for name in CRATES {
        let sources = source::of_crate(name);
        let modules = Modules::of(&sources);
        for source in sources.iter().filter(|source| source.is_production()) {
            let user = imports::module(source);
            for path in imports::paths(&source.code(), &user) {
                if !modules.allows(&user, &path) {
                    broken.push(format!(
                        "{name}: {} uses {}",
                        user.join("::"),
                        path.join("::")
                    ));
                }
            }
        }
    }
    broken.sort();
    broken.dedup();
    assert_eq!(broken, [""; 0]);
}

#[test]
fn crates_use_only_those_below_them() {
    for (index, name) in CRATES.into_iter().enumerate() {
        for source in source::of_crate(name) {
            for above in &CRATES[index + 1..] {
                let import = format!("keyward_{above}");
                let found = source.code().contains(&import);
                assert!(!found, "{} uses {import}", source.path.display());
            }
        }
    }
}
