//! Our own thread pool, work cut into numbered units, and the flag that stops it.
//!
//! Results never depend on the number of threads: units are made by the problem, each writes a slot of its
//! own, and slots are folded by number afterwards. rayon's global pool is never used, because it does not
//! survive a fork; ours is keyed by the process id.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;

use crate::error::Error;

/// A flag that asks running work to stop. Kernels look at it at least every 20 ms.
#[derive(Debug, Default)]
pub struct Cancel(AtomicBool);

impl Cancel {
    /// Ask the work to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// [`Error::Interrupted`] once somebody has asked to stop.
    pub fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Who does a piece of work: how many threads at once, and the flag that stops them.
#[derive(Debug, Clone, Copy)]
pub struct Workers<'a> {
    n_threads: usize,
    cancel: &'a Cancel,
}

impl<'a> Workers<'a> {
    /// `n_threads` drivers, the calling thread among them; no more than [`most_threads`].
    pub fn new(n_threads: usize, cancel: &'a Cancel) -> Self {
        Self { n_threads: n_threads.clamp(1, most_threads()), cancel }
    }

    /// The calling thread alone.
    pub fn serial(cancel: &'a Cancel) -> Self {
        Self::new(1, cancel)
    }

    /// The calling thread alone, under the same flag: for work too small to share.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { n_threads: 1, ..self }
    }

    /// Threads that work at once.
    pub fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Has the caller asked to stop?
    pub fn check(&self) -> Result<(), Error> {
        self.cancel.check()
    }

    /// Call `work(number, unit)` once for each unit, on up to `n_threads` threads.
    ///
    /// Each driver takes the next unit from one locked iterator, so units should last 0.1 to 10 ms.
    /// Stops with [`Error::Interrupted`] between two units.
    pub fn for_each_unit<T: Send>(
        &self,
        units: impl Iterator<Item = T> + Send,
        work: impl Fn(usize, T) + Sync,
    ) -> Result<(), Error> {
        let queue = Mutex::new(units.enumerate());
        let drive = || {
            while self.cancel.check().is_ok() {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some((number, unit)) = next else { break };
                work(number, unit);
            }
        };
        if self.n_threads == 1 {
            drive();
        } else {
            pool(self.n_threads).in_place_scope(|scope| {
                for _ in 1..self.n_threads {
                    scope.spawn(|_| drive());
                }
                drive();
            });
        }
        self.cancel.check()
    }
}

struct Pool {
    process: u32,
    size: usize,
    threads: ThreadPool,
}

static POOL: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());
/// What [`usable_threads`] found, 0 before it was asked.
static USABLE: AtomicUsize = AtomicUsize::new(0);

/// Threads that a process may want beyond its processors: to hide waits, and to test that they change no bit.
const MOST_BEYOND: usize = 64;

/// The most threads that any call runs on: all usable ones, and at least 64. A typing error must not ask the system
/// for a million.
pub fn most_threads() -> usize {
    usable_threads().max(MOST_BEYOND)
}

/// The pool of this process, with at least `n_threads` threads, or [`most_threads`].
///
/// Beyond the usable threads its size is a power of two, so that rising requests make few pools.
///
/// A pool that was made by another process (we are its forked child) or is too small is replaced and never
/// dropped: in a child its threads are gone and its locks may be held by them. No mutex guards the pointer,
/// because a fork could copy it locked; two threads that race merely make one pool too many.
///
/// # Panics
/// When the operating system grants no threads.
pub fn pool(n_threads: usize) -> &'static ThreadPool {
    let n_threads = n_threads.min(most_threads());
    let process = std::process::id();
    let current = POOL.load(Ordering::Acquire);
    #[expect(unsafe_code, reason = "the pointer is shared without a lock, see above")]
    // SAFETY: the pointer is null or came from `Box::leak` below, and what it points to is never freed or
    // written again.
    if let Some(pool) = unsafe { current.as_ref() }
        && pool.process == process
        && pool.size >= n_threads
    {
        return &pool.threads;
    }
    let usable = usable_threads();
    let size = if n_threads <= usable { usable } else { n_threads.next_power_of_two() };
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(size)
        .thread_name(|number| format!("ferroshap-{number}"))
        .build()
        .expect("the operating system grants threads");
    let fresh: &'static Pool = Box::leak(Box::new(Pool { process, size, threads }));
    POOL.store(std::ptr::from_ref(fresh).cast_mut(), Ordering::Release);
    &fresh.threads
}

/// Forget the pool and the number of usable threads. For forked children: process ids come round again, and
/// a worker may be bound to fewer processors than its parent.
pub fn forget_pool() {
    USABLE.store(0, Ordering::Relaxed);
    POOL.store(std::ptr::null_mut(), Ordering::Release);
}

/// How many threads this process may run at once (affinity and cgroup quotas are respected), as found by the
/// first call: asking the system takes 50 microseconds, as long as a small game.
pub fn usable_threads() -> usize {
    match USABLE.load(Ordering::Relaxed) {
        0 => {
            let found = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            USABLE.store(found, Ordering::Relaxed);
            found
        }
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_worked_once_by_any_number_of_threads() {
        for n_threads in [1, 2, 7] {
            let cancel = Cancel::default();
            let mut slots = vec![0_usize; 1000];
            let workers = Workers::new(n_threads, &cancel);
            workers.for_each_unit(slots.iter_mut(), |number, slot| *slot += number + 1).unwrap();
            assert!(slots.iter().enumerate().all(|(number, &slot)| slot == number + 1));
        }
    }

    #[test]
    fn no_request_makes_more_threads_than_a_process_may_want() {
        let cancel = Cancel::default();
        assert_eq!(Workers::new(usize::MAX, &cancel).n_threads(), most_threads());
        assert_eq!(Workers::new(0, &cancel).n_threads(), 1);
    }

    #[test]
    fn a_set_flag_stops_the_work_between_units() {
        let cancel = Cancel::default();
        let workers = Workers::new(2, &cancel);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let result = workers.for_each_unit(0..1000, |_, _| {
            if done.fetch_add(1, Ordering::Relaxed) == 10 {
                cancel.set();
            }
        });
        assert_eq!(result, Err(Error::Interrupted));
        assert!(done.load(Ordering::Relaxed) < 1000);
    }
}
