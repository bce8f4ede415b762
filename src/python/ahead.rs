//! Filling the next batch on the pool while Python asks the model about the last.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

use numpy::{Element, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray2};
use pyo3::prelude::*;

use super::arrays::{flat, not_contiguous, vector};
use super::error::{DimensionError, InternalError, from_panic, to_python};
use super::interrupt::briefly;
use super::mask::by_word;
use crate::error::Error;
use crate::mask::{Layout, MaskedRows, Word};
use crate::parallel::{self, Cancel, Workers};

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fill_ahead, module)?)?;
    module.add_class::<Filling>()
}

type Outcome = std::thread::Result<Result<(), Error>>;

/// A batch that is being filled. It holds on to every array involved until the filling has ended.
#[pyclass(frozen, module = "ferroshap._native")]
pub(super) struct Filling {
    outcome: Mutex<Option<Receiver<Outcome>>>,
    /// Held, not read: the job writes into their memory.
    arrays: Mutex<Vec<Py<PyAny>>>,
}

#[pymethods]
impl Filling {
    /// Wait until the batch is filled.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        let receiver = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(receiver) = receiver else { return Ok(()) };
        let outcome = py.detach(move || receiver.recv());
        // The job has ended. Whoever counts references to the batch must not find ours.
        self.arrays.lock().unwrap_or_else(PoisonError::into_inner).clear();
        match outcome {
            Ok(Ok(result)) => result.map_err(|error| to_python(&error)),
            Ok(Err(panic)) => Err(from_panic(panic.as_ref())),
            Err(_) => Err(InternalError::new_err("a batch was dropped while it was being filled")),
        }
    }
}

impl Filling {
    /// Do a job on the pool, or here and now. The arrays are those whose memory it reads and writes.
    pub(super) fn begin(
        py: Python<'_>,
        job: impl FnOnce(&Workers<'_>) -> Result<(), Error> + Send + 'static,
        arrays: Vec<Py<PyAny>>,
        is_immediate: bool,
    ) -> PyResult<Self> {
        if is_immediate {
            briefly(py, 1, job)?;
            return Ok(Self { outcome: Mutex::new(None), arrays: Mutex::default() });
        }
        let (report, outcome) = sync_channel(1);
        parallel::pool(2).spawn(move || {
            let cancel = Cancel::default();
            let workers = Workers::serial(&cancel);
            // Nobody listens when the batch was dropped, and then nobody needs to hear.
            let _ = report.send(catch_unwind(AssertUnwindSafe(|| job(&workers))));
        });
        Ok(Self { outcome: Mutex::new(Some(outcome)), arrays: Mutex::new(arrays) })
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        let receiver = self.outcome.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(receiver) = receiver {
            // The arrays may not go before the job has ended; how it ended does not matter to anyone now.
            let _ = receiver.recv();
        }
    }
}

/// Memory of a NumPy array, for a job that outlives the call.
pub(super) struct Span<T> {
    start: *mut T,
    length: usize,
}

#[expect(unsafe_code, reason = "a job on the pool must take the address of an array with it")]
// SAFETY: plain numbers; `Filling` keeps the array alive for as long as the job runs.
unsafe impl<T: Send> Send for Span<T> {}

impl<T> Span<T> {
    /// To be read only.
    pub(super) fn of(slice: &[T]) -> Self {
        Self { start: slice.as_ptr().cast_mut(), length: slice.len() }
    }

    /// To be written: the pointer must come from the exclusive borrow.
    pub(super) fn of_mut(slice: &mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len() }
    }

    #[expect(unsafe_code, reason = "see the type")]
    pub(super) fn read<'a>(&self) -> &'a [T] {
        // SAFETY: from a live slice; the array is alive (see `Filling`), and who explains does not write to the
        // background, the rows or the owners meanwhile: they belong to one `MaskedGame`, which never does.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }

    #[expect(unsafe_code, reason = "see the type")]
    pub(super) fn write<'a>(&self) -> &'a mut [T] {
        // SAFETY: made by `of_mut` from a live array, kept alive as above, and the buffer is handed to nobody before `Filling.wait` has returned.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }
}

/// A part of a batch's filling.
pub(super) type Job = Box<dyn FnOnce(&Workers<'_>) -> Result<(), Error> + Send>;

/// Begin to write the model rows of a batch from `first` on into `out`, one array for each kind of column; or do
/// it here and now, where there is no second thread.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
fn fill_ahead(
    py: Python<'_>,
    out: Vec<Bound<'_, PyAny>>,
    background: Vec<Bound<'_, PyAny>>,
    rows: Vec<Bound<'_, PyAny>>,
    column_player: Vec<PyReadonlyArray2<'_, i32>>,
    words: PyReadonlyArray2<'_, u64>,
    block_starts: Vec<usize>,
    blocks: PyReadonlyArray1<'_, u32>,
    first: usize,
    is_immediate: bool,
) -> PyResult<Filling> {
    let n_rows = rows.first().map_or(Ok(0), PyAnyMethods::len)?;
    let layout = Layout::new(n_rows, &block_starts, vector("blocks", &blocks)?).map_err(|e| to_python(&e))?;
    let mut jobs = Vec::with_capacity(out.len());
    let mut arrays = Vec::with_capacity(4 * out.len());
    for (((out, background), rows), owners) in out.iter().zip(&background).zip(&rows).zip(&column_player) {
        jobs.push(by_word!(out, job, out, background, rows, owners, &words, &layout, first)?);
        let held = [out, background, rows].map(|array| array.clone().unbind());
        arrays.extend(held.into_iter().chain([owners.as_any().clone().unbind()]));
    }
    Filling::begin(py, move |workers| jobs.into_iter().try_for_each(|job| job(workers)), arrays, is_immediate)
}

fn job<T: Word + Element + 'static>(
    out: &Bound<'_, PyAny>,
    background: &Bound<'_, PyAny>,
    rows: &Bound<'_, PyAny>,
    column_player: &PyReadonlyArray2<'_, i32>,
    words: &PyReadonlyArray2<'_, u64>,
    layout: &Layout,
    first: usize,
) -> PyResult<Job> {
    let mut out: PyReadwriteArray2<'_, T> = out.extract()?;
    let background: PyReadonlyArray2<'_, T> = background.extract()?;
    let rows: PyReadonlyArray2<'_, T> = rows.extract()?;
    let n_columns = rows.as_array().ncols();
    let words_per_coalition = words.as_array().ncols();
    let words = flat("words", words)?.to_vec();
    let layout = layout.clone();
    let owners = Span::of(flat("column_player", column_player)?);
    let (background, rows) = (Span::of(flat("background", &background)?), Span::of(flat("rows", &rows)?));
    let out = Span::of_mut(out.as_slice_mut().map_err(|_| not_contiguous("out"))?);
    Ok(Box::new(move |workers| {
        let masked = MaskedRows {
            background: background.read(),
            rows: rows.read(),
            column_player: owners.read(),
            n_columns,
        };
        masked.fill(&words, words_per_coalition, &layout, first, out.write(), workers)
    }))
}
