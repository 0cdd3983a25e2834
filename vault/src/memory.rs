//! Where in memory secrets lie, and what is none.
//!
//! A program may run this library with an allocator and with stacks that keep secrets apart from
//! everything else. What is done on threads of this library's own has to be kept apart too, and what
//! is said of ten thousand keys is no secret and need not be: of both it tells the program.

use std::sync::OnceLock;

/// How a program keeps secrets apart.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Runs work with secrets, once, on a thread that was just started, and wipes what it leaves; or does not run it, where
    /// it would be less protected there than elsewhere.
    pub on_thread: fn(&mut dyn FnMut()),
    /// Sets whether what this thread allocates from now on may be secret, and returns what was set.
    pub set_secret: fn(bool) -> bool,
}

/// There is one for the whole program, as there is one allocator.
static MEMORY: OnceLock<Memory> = OnceLock::new();

impl Memory {
    /// Makes this the way of the program, before the first vault is read; the first one counts.
    pub fn install(self) {
        let _ = MEMORY.set(self);
    }
}

/// Does work with secrets on a thread that was just started; `None` where the program did not run it.
pub(crate) fn on_thread<R>(work: impl FnOnce() -> R) -> Option<R> {
    let (mut work, mut result) = (Some(work), None);
    let mut once = || result = work.take().map(|work| work());
    match MEMORY.get() {
        Some(memory) => (memory.on_thread)(&mut once),
        None => once(),
    }
    result
}

/// Makes something that is no secret and keeps no copy of one.
pub(crate) fn public<R>(make: impl FnOnce() -> R) -> R {
    let Some(memory) = MEMORY.get() else {
        return make();
    };
    let _back = Back {
        to: (memory.set_secret)(false),
        set_secret: memory.set_secret,
    };
    make()
}

/// Sets it back, also where the work in between does not end well.
struct Back {
    to: bool,
    set_secret: fn(bool) -> bool,
}

impl Drop for Back {
    fn drop(&mut self) {
        (self.set_secret)(self.to);
    }
}
