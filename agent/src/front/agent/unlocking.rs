//! One unlocker for all who wait for the vault.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{self, AbortHandle};
use tokio::time::{self, Instant};

use super::{Agent, Reason};
use crate::front::unlocker::{Ended, Running};

/// How long after a person refused, or the vault could not be opened, nobody is asked again: a client
/// tries one key after the other, and each would bring the same question.
const REST: Duration = Duration::from_secs(2);

/// How long an unlocker may go on once the vault is open: one that opened it ends by itself, one that
/// still asks is not needed any more.
const GRACE: Duration = Duration::from_secs(2);

/// Whether a person is asked now, or is to be left alone.
#[derive(Debug, Default)]
pub(super) struct Unlocking {
    attempt: RefCell<Weak<Attempt>>,
    /// Until when everyone gets the same answer.
    rest: RefCell<Option<(Instant, Reason)>>,
    /// Until when it is known that nobody can be asked but at a terminal.
    nobody: Cell<Option<Instant>>,
}

/// An unlocker at work. It is ended when nobody waits for it any more.
#[derive(Debug)]
struct Attempt {
    outcome: watch::Receiver<Option<Result<(), Reason>>>,
    task: AbortHandle,
    /// Where it may ask.
    terminal: Option<PathBuf>,
}

impl Unlocking {
    /// Lets people be asked again at once.
    pub(super) fn end_rest(&self) {
        self.rest.replace(None);
        self.nobody.set(None);
    }

    /// Ends the unlocker that is at work; all who wait for it fail.
    pub(super) fn stop(&self) {
        if let Some(attempt) = self.attempt.borrow().upgrade() {
            attempt.task.abort();
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.is_over() {
            self.task.abort();
        }
    }
}

impl Attempt {
    async fn outcome(&self) -> Result<(), Reason> {
        let mut outcome = self.outcome.clone();
        let ended = outcome.wait_for(Option::is_some).await;
        match ended.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            // It was stopped, for the vault is to stay closed.
            _ => Err(Reason::VaultClosed),
        }
    }

    fn is_over(&self) -> bool {
        self.outcome.borrow().is_some()
    }
}

impl Agent {
    /// Has a person asked to open the vault, unless one is being asked, and waits for the end of it.
    ///
    /// What the caller knew before may have changed: it has to look at everything again.
    ///
    /// # Errors
    /// The [`Reason`] why the vault was not opened.
    pub async fn open_vault(
        self: &Rc<Self>,
        terminal: Option<PathBuf>,
        question: &str,
    ) -> Result<(), Reason> {
        let first = self.attempt(terminal.clone(), question)?;
        let is_own = first.terminal == terminal;
        match first.outcome().await {
            // Another one had nobody to ask: here is somebody.
            Err(Reason::NobodyToUnlock) if terminal.is_some() && !is_own => {
                self.attempt(terminal, question)?.outcome().await
            }
            outcome => outcome,
        }
    }

    fn attempt(
        self: &Rc<Self>,
        terminal: Option<PathBuf>,
        question: &str,
    ) -> Result<Rc<Attempt>, Reason> {
        let unlocking = &self.vault.unlocking;
        let current = unlocking.attempt.borrow().upgrade();
        if let Some(current) = current.filter(|current| !current.is_over()) {
            return Ok(current);
        }
        let now = Instant::now();
        if let Some((until, reason)) = &*unlocking.rest.borrow()
            && now < *until
        {
            return Err(reason.clone());
        }
        // Each would start a process, for nothing.
        if terminal.is_none() && unlocking.nobody.get().is_some_and(|until| now < until) {
            return Err(Reason::NobodyToUnlock);
        }
        let path = self.vault_path().ok_or(Reason::VaultClosed)?;
        let unlocker = &self.vault.unlocker;
        let running = unlocker.start(&path, terminal.as_deref(), question);
        let running = running.map_err(|ended| self.rested(ended))?;
        let (sender, outcome) = watch::channel(None);
        let work = task::spawn_local(wait(Rc::clone(self), running, sender));
        let task = work.abort_handle();
        let attempt = Rc::new(Attempt {
            outcome,
            task,
            terminal,
        });
        unlocking.attempt.replace(Rc::downgrade(&attempt));
        Ok(attempt)
    }

    /// Tells why the vault is not open, and for how long nobody is to be asked again.
    fn rested(&self, ended: Ended) -> Reason {
        let reason = match ended {
            Ended::Cancelled => Reason::UnlockCancelled,
            Ended::Failed(text) => Reason::UnlockFailed(text),
            // The next one may come from where there is somebody to ask.
            Ended::NoOne => {
                let until = Instant::now() + REST;
                self.vault.unlocking.nobody.set(Some(until));
                return Reason::NobodyToUnlock;
            }
            Ended::Done => return Reason::VaultClosed,
        };
        let until = Instant::now() + REST;
        self.vault
            .unlocking
            .rest
            .replace(Some((until, reason.clone())));
        reason
    }
}

/// Waits until the unlocker has ended, or somebody else has opened the vault.
async fn wait(
    agent: Rc<Agent>,
    running: Running,
    sender: watch::Sender<Option<Result<(), Reason>>>,
) {
    let opened = agent.vault.opened.notified();
    let ended = running.ended();
    tokio::pin!(ended);
    tokio::select! {
        ended = &mut ended => {
            let outcome = match ended {
                Ended::Done => Ok(()),
                ended => Err(agent.rested(ended)),
            };
            sender.send_replace(Some(outcome));
        }
        () = opened => {
            sender.send_replace(Some(Ok(())));
            let _ = time::timeout(GRACE, ended).await;
        }
    }
}
