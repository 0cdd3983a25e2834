//! Rounds on one agent and the other in turn, and what they say.

use std::path::{Path, PathBuf};

use keyward_tests::{Agent, Home, agent::Launch};

use crate::machine;

/// Something to measure on both agents.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// What the program promises.
    pub(crate) goal: &'static str,
    pub(crate) rounds: usize,
    /// Starts an agent and returns how to measure it.
    pub(crate) prepare: Box<dyn Fn(&Contestant) -> Meter>,
}

/// Measures once.
pub(crate) type Meter = Box<dyn FnMut() -> f64>;

/// In what a case is measured.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    PerSecond,
    Microseconds,
    Kibibytes,
    /// How many times as much as in another state of the same agent.
    Times,
}

impl Unit {
    const fn symbol(self) -> &'static str {
        match self {
            Self::PerSecond => "/s",
            Self::Microseconds => "us",
            Self::Kibibytes => "KiB",
            Self::Times => "x",
        }
    }
}

/// One of the two programs.
pub(crate) struct Contestant {
    program: PathBuf,
}

impl Contestant {
    pub(crate) const fn new(program: PathBuf) -> Self {
        Self { program }
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Starts the agent in a home of its own.
    pub(crate) fn start(&self) -> Agent {
        Launch::new(Home::new())
            .program(self.program.clone())
            .start()
    }

    /// Starts the agent on the core on which its client will be.
    pub(crate) fn start_pinned(&self) -> Agent {
        let agent = self.start();
        agent.processes().into_iter().for_each(machine::pin);
        agent
    }
}

/// Prints the words above the columns.
pub(crate) fn print_header() {
    println!(
        "{:42} {:>12} {:>12} {:>4}  times better: median (least to most)  goal",
        "case", "ssh-agent", "keyward", ""
    );
}

/// Measures a case on both and prints its line.
pub(crate) fn hold(case: &Case, contestants: &[Contestant; 2]) {
    let mut meters = contestants
        .each_ref()
        .map(|contestant| (case.prepare)(contestant));
    let mut measured = [vec![], vec![]];
    for round in 0..case.rounds {
        // Whoever comes second could find the machine warmed up.
        for turn in [round % 2, 1 - round % 2] {
            measured[turn].push(meters[turn]());
        }
    }
    let [theirs, ours] = &measured;
    let ratios = theirs
        .iter()
        .zip(ours)
        .map(|(theirs, ours)| match case.unit {
            Unit::PerSecond => ours / theirs,
            _ => theirs / ours,
        });
    let ratios = sorted(ratios.collect());
    println!(
        "{:42} {:>12.1} {:>12.1} {:>4}  {:>8.2} ({:.2} to {:.2})  {}",
        case.name,
        median(theirs.clone()),
        median(ours.clone()),
        case.unit.symbol(),
        median(ratios.clone()),
        ratios[0],
        ratios[ratios.len() - 1],
        case.goal
    );
}

fn median(values: Vec<f64>) -> f64 {
    let values = sorted(values);
    values[values.len() / 2]
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}
