//! A bounded queue from one thread to another. Who had to wait for room sleeps on until there is room for several: waking a thread for each
//! item costs more than handling the item.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many items are worth waking a thread for.
const SEVERAL: usize = 4;

/// What both ends share.
struct Shared<T> {
    state: Mutex<State<T>>,
    /// There is an item, or no sender any more.
    filled: Condvar,
    /// There is room again, or no receiver any more.
    emptied: Condvar,
    most: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// The receiver sleeps.
    wanted: bool,
    /// The sender sleeps.
    full: bool,
    /// One of the two ends is gone.
    closed: bool,
}

/// Where items go in.
pub(super) struct Sender<T>(Arc<Shared<T>>);

/// Where items come out.
pub(super) struct Receiver<T>(Arc<Shared<T>>);

/// Why nothing came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// The time is over.
    Yet,
    /// There is no sender any more.
    Ever,
}

/// A queue of at most so many items, at least 1.
pub(super) fn queue<T>(most: usize) -> (Sender<T>, Receiver<T>) {
    let state = State { items: VecDeque::with_capacity(most), wanted: false, full: false, closed: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), filled: Condvar::new(), emptied: Condvar::new(), most });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl<T> Shared<T> {
    /// A thread that panicked holding it has left nothing half done.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
        self.emptied.notify_all();
    }
}

impl<T> Sender<T> {
    /// Puts an item in, and waits for room if need be.
    ///
    /// # Errors
    /// The item, where there is no receiver any more.
    pub fn send(&self, item: T) -> Result<(), T> {
        self.put(item, 1)
    }

    /// The same where more follows at once: a receiver that sleeps is left to sleep until there are [several](SEVERAL) items.
    ///
    /// # Errors
    /// As [`Sender::send`].
    pub fn send_with_more(&self, item: T) -> Result<(), T> {
        self.put(item, SEVERAL.min(self.0.most))
    }

    /// Puts an item in; a receiver that sleeps is woken when there are so many.
    fn put(&self, item: T, enough: usize) -> Result<(), T> {
        let mut state = self.0.state();
        while state.items.len() >= self.0.most && !state.closed {
            state.full = true;
            state = self.0.emptied.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return Err(item);
        }
        state.items.push_back(item);
        if state.items.len() >= enough && std::mem::take(&mut state.wanted) {
            drop(state);
            self.0.filled.notify_one();
        }
        Ok(())
    }

    /// An item can be put in without waiting; so it stays where there is no other sender.
    pub fn has_room(&self) -> bool {
        self.0.state().items.len() < self.0.most
    }

    /// Puts an item in if there is room; else lets it go.
    pub fn offer(&self, item: T) {
        let mut state = self.0.state();
        if state.items.len() < self.0.most {
            state.items.push_back(item);
        }
    }
}

impl<T> Receiver<T> {
    /// Takes an item that is there.
    pub fn try_recv(&self) -> Option<T> {
        self.taken(self.0.state())
    }

    /// No item is there.
    pub fn is_empty(&self) -> bool {
        self.0.state().items.is_empty()
    }

    /// Takes an item, and waits for one as long as there is a sender.
    pub fn recv(&self) -> Option<T> {
        let mut state = self.0.state();
        while state.items.is_empty() && !state.closed {
            state.wanted = true;
            state = self.0.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.taken(state)
    }

    /// Takes an item, and waits so long for one.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, Nothing> {
        let mut state = self.0.state();
        state.wanted = true;
        let wait = |state: &mut State<T>| state.items.is_empty() && !state.closed;
        state = self.0.filled.wait_timeout_while(state, timeout, wait).unwrap_or_else(PoisonError::into_inner).0;
        state.wanted = false;
        let nothing = if state.closed { Nothing::Ever } else { Nothing::Yet };
        self.taken(state).ok_or(nothing)
    }

    fn taken(&self, mut state: MutexGuard<'_, State<T>>) -> Option<T> {
        let item = state.items.pop_front();
        if state.full && state.items.len() <= self.0.most / 2 {
            state.full = false;
            drop(state);
            self.0.emptied.notify_one();
        }
        item
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn everything_comes_out_in_order_and_the_end_is_told() {
        for sends in [Sender::send, Sender::send_with_more] {
            let (sender, receiver) = queue(4);
            let sending = std::thread::spawn(move || (0..1001).all(|item| sends(&sender, item).is_ok()));
            for expected in 0..1001 {
                assert_eq!(receiver.recv_timeout(SOON), Ok(expected));
            }
            assert_eq!(receiver.recv_timeout(SOON), Err(Nothing::Ever));
            assert!(sending.join().unwrap());
        }
    }

    #[test]
    fn who_waits_for_room_learns_that_nobody_listens() {
        let (sender, receiver) = queue(1);
        let sending = std::thread::spawn(move || (0..).find(|item| sender.send(*item).is_err()));
        assert_eq!(receiver.recv_timeout(SOON), Ok(0));
        drop(receiver);
        assert!(sending.join().unwrap().is_some());
    }

    #[test]
    fn what_has_no_room_is_let_go() {
        let (sender, receiver) = queue(1);
        (1..=2).for_each(|item| sender.offer(item));
        assert_eq!((receiver.try_recv(), receiver.try_recv()), (Some(1), None));
        assert_eq!(receiver.recv_timeout(Duration::ZERO), Err(Nothing::Yet));
    }
}
