//! Leaving Python for work in the core: the GIL is released, Ctrl-C is answered, panics are caught.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::prelude::*;

use super::error::{from_panic, to_python};
use crate::error::Error;
use crate::parallel::{self, Cancel, Workers};

/// How long a signal may wait: the calling thread looks for one this often.
const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(50);

type Outcome<T> = Result<Result<T, Error>, Box<dyn std::any::Any + Send>>;

/// Do short work, of a few milliseconds at most, on the calling thread and up to `n_threads - 1` helpers.
pub(super) fn briefly<T: Send>(
    py: Python<'_>,
    n_threads: usize,
    work: impl FnOnce(&Workers<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let cancel = Cancel::default();
    unwrap(py.detach(|| catch_unwind(AssertUnwindSafe(|| work(&Workers::new(n_threads, &cancel))))))
}

/// Do work of any length on the pool, while the calling thread looks for signals.
///
/// Python runs signal handlers in its main thread alone: called from another one, the work runs to its end.
pub(super) fn interruptible<T: Send>(
    py: Python<'_>,
    n_threads: usize,
    work: impl FnOnce(&Workers<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    watched(py, n_threads, work, |_| Ok(()))
}

/// The same, and call `tick` whenever the calling thread has looked for signals; its error stops the work too.
pub(super) fn watched<T: Send>(
    py: Python<'_>,
    n_threads: usize,
    work: impl FnOnce(&Workers<'_>) -> Result<T, Error> + Send,
    mut tick: impl FnMut(Python<'_>) -> PyResult<()> + Send,
) -> PyResult<T> {
    let cancel = Cancel::default();
    let mut interrupt: Option<PyErr> = None;
    let outcome = py.detach(|| {
        // The scope cannot end before the work has, so the work may borrow from the caller.
        parallel::pool(n_threads).in_place_scope(|scope| {
            let (report, reports) = sync_channel(1);
            let cancel = &cancel;
            scope.spawn(move |_| {
                let outcome = catch_unwind(AssertUnwindSafe(|| work(&Workers::new(n_threads, cancel))));
                // The receiver lives until it has heard this.
                let _ = report.send(outcome);
            });
            loop {
                match reports.recv_timeout(LOOK_FOR_SIGNALS) {
                    Ok(outcome) => return outcome,
                    Err(RecvTimeoutError::Disconnected) => return Ok(Err(Error::Interrupted)),
                    Err(RecvTimeoutError::Timeout) => {
                        if interrupt.is_none()
                            && let Err(raised) =
                                Python::attach(|py| py.check_signals().and_then(|()| tick(py)))
                        {
                            interrupt = Some(raised);
                            cancel.set();
                        }
                    }
                }
            }
        })
    });
    match interrupt {
        Some(raised) => Err(raised),
        None => unwrap(outcome),
    }
}

fn unwrap<T>(outcome: Outcome<T>) -> PyResult<T> {
    match outcome {
        Ok(result) => result.map_err(|error| to_python(&error)),
        Err(panic) => Err(from_panic(panic.as_ref())),
    }
}
