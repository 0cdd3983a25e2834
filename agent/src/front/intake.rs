//! Memory through which the bytes of clients come, some of which are secrets.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use crate::secret_memory::region::{self, PAGE, Protection, Region};

/// Bytes read from a client at a time. With all of [`SECRET_MAX`] it stays well below the usual limit
/// on locked memory, 8 MiB, and alone below that of containers, 64 KiB.
const READ: usize = 16 << 10;

/// Bytes of secret memory for all connections together. Clients that begin messages and do not end
/// them take it up for half a minute; what comes meanwhile lies in ordinary memory.
const SECRET_MAX: usize = 1 << 20;

/// What all connections read through, and where messages with secrets wait to be whole.
#[derive(Debug)]
pub struct Intake {
    /// Wiped after each read: nobody knows before what comes.
    scratch: RefCell<Region>,
    wanted: Protection,
    free: Rc<Cell<usize>>,
}

impl Intake {
    /// Maps what is read into. `wanted` is the best protection to try for where secrets wait.
    ///
    /// # Errors
    /// What the kernel said when no memory could be had.
    pub fn new(wanted: Protection) -> io::Result<Self> {
        // Mapped for ever, secret memory would keep the machine from hibernating.
        let scratch = Region::map(READ, wanted.max(Protection::Locked))?;
        Ok(Self {
            scratch: RefCell::new(scratch),
            wanted,
            free: Rc::new(Cell::new(SECRET_MAX)),
        })
    }

    /// Reads what there is without waiting and shows it to `take`; says how many bytes came, 0 for
    /// the end.
    ///
    /// # Errors
    /// What the socket said, `WouldBlock` too.
    pub(super) fn read(
        &self,
        mut stream: &UnixStream,
        take: impl FnOnce(&[u8]),
    ) -> io::Result<usize> {
        let mut scratch = self.scratch.borrow_mut();
        let count = stream.read(scratch.bytes_mut())?;
        let came = scratch.bytes_mut().get_mut(..count).unwrap_or_default();
        take(came);
        region::wipe_slice(came);
        Ok(count)
    }

    /// Gives secret memory of `size` bytes at least; none where too much is in use, or where the
    /// system gives no memory better than any.
    pub(super) fn secret(&self, size: usize) -> Option<SecretBuffer> {
        let size = size.next_multiple_of(PAGE);
        let free = self.free.get().checked_sub(size)?;
        let region = Region::map(size, self.wanted).ok()?;
        if region.protection() == Protection::Unlocked {
            return None;
        }
        self.free.set(free);
        Some(SecretBuffer {
            region,
            free: Rc::clone(&self.free),
        })
    }
}

/// Secret memory on loan; it is unmapped, and so wiped, when dropped.
#[derive(Debug)]
pub(super) struct SecretBuffer {
    region: Region,
    free: Rc<Cell<usize>>,
}

impl SecretBuffer {
    pub(super) const fn bytes(&self) -> &[u8] {
        self.region.bytes()
    }

    pub(super) const fn bytes_mut(&mut self) -> &mut [u8] {
        self.region.bytes_mut()
    }
}

impl Drop for SecretBuffer {
    fn drop(&mut self) {
        self.free.set(self.free.get() + self.region.size());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_memory_is_bounded_and_comes_back() {
        let intake = Intake::new(Protection::MemfdSecret).unwrap();
        let held: Vec<_> = (0..).map_while(|_| intake.secret(64 << 10)).collect();
        assert_eq!(held.len(), SECRET_MAX / (64 << 10));
        assert!(intake.secret(1).is_none());
        drop(held);
        assert!(intake.secret(SECRET_MAX).is_some());
    }

    #[test]
    fn nothing_that_was_read_stays() {
        use std::io::Write;
        let (mut client, agent) = UnixStream::pair().unwrap();
        client.write_all(b"secret").unwrap();
        let intake = Intake::new(Protection::MemfdSecret).unwrap();
        let mut seen = vec![];
        let count = intake.read(&agent, |came| seen.extend_from_slice(came));
        assert_eq!((count.unwrap(), &*seen), (6, &b"secret"[..]));
        let mut scratch = intake.scratch.borrow_mut();
        assert!(scratch.bytes_mut().iter().all(|byte| *byte == 0));
    }
}
