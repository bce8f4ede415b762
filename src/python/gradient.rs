//! Glue of `gradient`: plans, points, sums, values.

use numpy::{
    Element, IntoPyArray, PyArray1, PyArray2, PyArray3, PyArray4, PyArrayMethods, PyReadonlyArray1,
    PyReadonlyArray2, PyReadonlyArray4, PyReadonlyArrayDyn, PyReadwriteArray4, PyReadwriteArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use super::arrays::{flat, not_contiguous, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::{briefly, interruptible};
use crate::error::Error;
use crate::gradient::{
    Design, Noise, Paths, Plan, Real, Sums, Told, add_noise, background_order, background_summary, finish,
    interpolate,
};
use crate::parallel::Workers;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<GradientPlan>()?;
    module.add_function(wrap_pyfunction!(order, module)?)?;
    module.add_function(wrap_pyfunction!(summary, module)?)?;
    module.add_function(wrap_pyfunction!(gradient_lerp, module)?)?;
    module.add_function(wrap_pyfunction!(gradient_noise, module)?)?;
    module.add_function(wrap_pyfunction!(gradient_tell, module)?)
}

/// Numbers that are worked off in a few milliseconds: not worth waiting for a signal.
const SHORT: usize = 1 << 22;

/// Work that touches `size` numbers: watched for signals where it may take long.
fn sized<T: Send>(
    py: Python<'_>,
    size: usize,
    n_threads: usize,
    work: impl FnOnce(&Workers<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    if size <= SHORT { briefly(py, n_threads, work) } else { interruptible(py, n_threads, work) }
}

/// An array whose leading axis are rows or points, whatever the shape of one of them.
struct Stack<'py, T: Element> {
    argument: &'static str,
    array: PyReadonlyArrayDyn<'py, T>,
}

impl<'py, T: Element> Stack<'py, T> {
    fn new(argument: &'static str, array: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array = array.extract().map_err(|_| {
            let dtype = numpy::dtype::<T>(array.py());
            DimensionError::new_err(format!("`{argument}` must be an array of {dtype}, as the others are"))
        })?;
        Ok(Self { argument, array })
    }

    fn numbers(&self) -> PyResult<&[T]> {
        self.array.as_slice().map_err(|_| not_contiguous(self.argument))
    }

    /// Numbers in one row.
    fn width(&self) -> usize {
        self.array.shape().iter().skip(1).product()
    }
}

fn writable<'a, T: Element>(
    argument: &str,
    array: &'a mut PyReadwriteArrayDyn<'_, T>,
) -> PyResult<&'a mut [T]> {
    array.as_slice_mut().map_err(|_| not_contiguous(argument))
}

fn is_double(array: &Bound<'_, PyAny>) -> bool {
    array.cast::<numpy::PyArrayDyn<f64>>().is_ok()
}

type Columns<'py> = (
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<u8>>,
    Bound<'py, PyArray2<f64>>,
);

#[pyclass(frozen, module = "ferroshap._native")]
struct GradientPlan(Plan);

#[pymethods]
impl GradientPlan {
    #[new]
    fn new(
        weights: PyReadonlyArray1<'_, f64>,
        ranks: PyReadonlyArray1<'_, u32>,
        scores: Option<PyReadonlyArray2<'_, f64>>,
        n_points: u64,
        n_replicates: u8,
        seed: u64,
        is_doubling: bool,
    ) -> PyResult<Self> {
        let (weights, ranks) = (vector("weights", &weights)?, vector("ranks", &ranks)?);
        let scores = scores.as_ref().map(|scores| flat("scores", scores)).transpose()?;
        let design = Design { weights, ranks, scores, n_points, n_replicates, seed, is_doubling };
        Plan::new(&design).map(Self).map_err(|error| to_python(&error))
    }

    #[getter]
    fn is_stratified(&self) -> bool {
        self.0.is_stratified()
    }

    #[getter]
    fn n_stages(&self) -> u32 {
        self.0.n_stages()
    }

    #[getter]
    fn n_replicates(&self) -> u8 {
        self.0.n_replicates()
    }

    #[getter]
    fn n_controls(&self) -> usize {
        self.0.n_controls()
    }

    fn n_points(&self, stage: u32) -> PyResult<u64> {
        self.0.check_stage(stage).map_err(|error| to_python(&error))?;
        Ok(self.0.n_points(stage))
    }

    fn positions(&self, stage: u32) -> PyResult<(u64, u64)> {
        self.0.check_stage(stage).map_err(|error| to_python(&error))?;
        Ok(self.0.positions(stage))
    }

    fn block<'py>(
        &self,
        py: Python<'py>,
        row_keys: PyReadonlyArray1<'_, u64>,
        stage: u32,
        first: u64,
        count: u64,
    ) -> PyResult<Columns<'py>> {
        let row_keys = vector("row_keys", &row_keys)?;
        let block = briefly(py, 1, |_| self.0.block(row_keys, stage, first, count))?;
        let n_points = block.row.len();
        Ok((
            block.row.into_pyarray(py),
            block.background.into_pyarray(py),
            block.alpha.into_pyarray(py),
            block.weight.into_pyarray(py),
            block.replicate.into_pyarray(py),
            block.controls.into_pyarray(py).reshape([n_points, self.0.n_controls()])?,
        ))
    }

    #[expect(clippy::too_many_arguments, reason = "the native surface")]
    fn finish<'py>(
        &self,
        py: Python<'py>,
        row_keys: PyReadonlyArray1<'_, u64>,
        stage: u32,
        told: Option<PyReadonlyArray1<'_, u64>>,
        x: &Bound<'py, PyAny>,
        background: &Bound<'py, PyAny>,
        sums: PyReadonlyArray4<'_, f64>,
        target: PyReadonlyArray2<'_, f64>,
        residual: bool,
        n_threads: usize,
    ) -> PyResult<FinishedArrays<'py>> {
        let row_keys = vector("row_keys", &row_keys)?;
        let told = told.as_ref().map(|told| vector("told", told)).transpose()?;
        let rows = Rows { plan: &self.0, row_keys, stage, told, sums: &sums, target: &target, residual };
        if is_double(x) {
            rows.finish::<f64>(py, (x, background), n_threads)
        } else {
            rows.finish::<f32>(py, (x, background), n_threads)
        }
    }
}

/// Rows whose gradients were told.
struct Rows<'a, 'py> {
    plan: &'a Plan,
    row_keys: &'a [u64],
    stage: u32,
    told: Option<&'a [u64]>,
    sums: &'a PyReadonlyArray4<'py, f64>,
    target: &'a PyReadonlyArray2<'py, f64>,
    residual: bool,
}

impl Rows<'_, '_> {
    fn finish<'py, T: Real + Element>(
        &self,
        py: Python<'py>,
        (x, background): (&Bound<'py, PyAny>, &Bound<'py, PyAny>),
        n_threads: usize,
    ) -> PyResult<FinishedArrays<'py>> {
        let (x, background) = (Stack::<T>::new("x", x)?, Stack::<T>::new("background", background)?);
        let n_features = background.width();
        let (n_rows, n_outputs) = (self.row_keys.len(), self.sums.shape()[1]);
        let told = Told {
            plan: self.plan,
            row_keys: self.row_keys,
            stage: self.stage,
            n_told: self.told,
            paths: Paths { x: x.numbers()?, background: background.numbers()?, n_features },
            sums: self.sums.as_slice().map_err(|_| not_contiguous("sums"))?,
            target: flat("target", self.target)?,
            n_outputs,
            residual: self.residual,
        };
        let size = told.sums.len().saturating_add(told.paths.background.len().saturating_mul(n_rows));
        let finished = sized(py, size, n_threads, |workers| finish(&told, workers))?;
        let n_replicates = usize::from(self.plan.n_replicates());
        Ok((
            finished.values.into_pyarray(py).reshape([n_rows, n_outputs, n_features])?,
            finished.gap.into_pyarray(py).reshape([n_rows, n_outputs])?,
            finished.std_errors.into_pyarray(py).reshape([n_rows, n_outputs, n_features])?,
            finished.replicates.into_pyarray(py).reshape([n_rows, n_outputs, n_replicates, n_features])?,
            finished.share.into_pyarray(py).reshape([n_rows, n_replicates])?,
        ))
    }
}

#[pyfunction(name = "background_order")]
fn order<'py>(
    py: Python<'py>,
    features: PyReadonlyArray2<'_, f64>,
    weights: PyReadonlyArray1<'_, f64>,
) -> PyResult<OrderArrays<'py>> {
    let (features, weights) = (flat("features", &features)?, vector("weights", &weights)?);
    let size = features.len().saturating_mul(32);
    let order = sized(py, size, 1, |workers| background_order(features, weights, workers))?;
    let n_scores = order.scores.len() / weights.len();
    let scores = order.scores.into_pyarray(py).reshape([weights.len(), n_scores])?;
    Ok((order.ranks.into_pyarray(py), scores))
}

#[pyfunction(name = "background_summary")]
fn summary<'py>(
    py: Python<'py>,
    features: PyReadonlyArray2<'_, f64>,
    weights: PyReadonlyArray1<'_, f64>,
    keep: usize,
) -> PyResult<SummaryArrays<'py>> {
    let (features, weights) = (flat("features", &features)?, vector("weights", &weights)?);
    let size = features.len().saturating_mul(weights.len());
    let summary = sized(py, size, 1, |workers| background_summary(features, weights, keep, workers))?;
    Ok((summary.index.into_pyarray(py), summary.weights.into_pyarray(py)))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the native surface")]
fn gradient_lerp<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    background: &Bound<'py, PyAny>,
    row: PyReadonlyArray1<'_, u32>,
    background_index: PyReadonlyArray1<'_, u32>,
    alpha: PyReadonlyArray1<'_, f64>,
    out: &Bound<'py, PyAny>,
    n_threads: usize,
) -> PyResult<()> {
    let (row, index) = (vector("row", &row)?, vector("background_index", &background_index)?);
    let alpha = vector("alpha", &alpha)?;
    if is_double(out) {
        write_points::<f64>(py, (x, background), (row, index, alpha), out, n_threads)
    } else {
        write_points::<f32>(py, (x, background), (row, index, alpha), out, n_threads)
    }
}

fn write_points<'py, T: Real + Element>(
    py: Python<'py>,
    (x, background): (&Bound<'py, PyAny>, &Bound<'py, PyAny>),
    (row, index, alpha): (&[u32], &[u32], &[f64]),
    out: &Bound<'py, PyAny>,
    n_threads: usize,
) -> PyResult<()> {
    let (x, background) = (Stack::<T>::new("x", x)?, Stack::<T>::new("background", background)?);
    let paths = Paths { x: x.numbers()?, background: background.numbers()?, n_features: background.width() };
    let mut out: PyReadwriteArrayDyn<'py, T> = out.extract()?;
    let out = writable("out", &mut out)?;
    sized(py, out.len(), n_threads, |workers| interpolate(paths, row, index, alpha, out, workers))
}

#[pyfunction]
fn gradient_noise<'py>(
    py: Python<'py>,
    out: &Bound<'py, PyAny>,
    seed: u64,
    row_keys: PyReadonlyArray1<'_, u64>,
    points: PyReadonlyArray1<'_, u64>,
    offset: u64,
    sigma: f64,
) -> PyResult<()> {
    let (row_keys, points) = (vector("row_keys", &row_keys)?, vector("points", &points)?);
    let noise = Noise { seed, offset, sigma };
    if is_double(out) {
        write_noise::<f64>(py, noise, row_keys, points, out)
    } else {
        write_noise::<f32>(py, noise, row_keys, points, out)
    }
}

fn write_noise<'py, T: Real + Element>(
    py: Python<'py>,
    noise: Noise,
    row_keys: &[u64],
    points: &[u64],
    out: &Bound<'py, PyAny>,
) -> PyResult<()> {
    let mut out: PyReadwriteArrayDyn<'py, T> = out.extract()?;
    let out = writable("out", &mut out)?;
    sized(py, out.len().saturating_mul(32), 1, |workers| add_noise(noise, row_keys, points, out, workers))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "the native surface")]
fn gradient_tell<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    background: &Bound<'py, PyAny>,
    row: PyReadonlyArray1<'_, u32>,
    background_index: PyReadonlyArray1<'_, u32>,
    weight: PyReadonlyArray1<'_, f64>,
    replicate: PyReadonlyArray1<'_, u8>,
    controls: PyReadonlyArray2<'_, f64>,
    gradients: &Bound<'py, PyAny>,
    mut sums: PyReadwriteArray4<'_, f64>,
    n_threads: usize,
) -> PyResult<Option<(usize, usize, usize)>> {
    let (row, background_index) = (vector("row", &row)?, vector("background_index", &background_index)?);
    let (weight, replicate) = (vector("weight", &weight)?, vector("replicate", &replicate)?);
    let n_controls = controls.shape()[1];
    let controls = flat("controls", &controls)?;
    let points = Points { row, background_index, weight, replicate, controls, n_controls };
    let paths = (x, background);
    match (is_double(x), is_double(gradients)) {
        (true, true) => add::<f64, f64>(py, paths, &points, gradients, &mut sums, n_threads),
        (true, false) => add::<f64, f32>(py, paths, &points, gradients, &mut sums, n_threads),
        (false, true) => add::<f32, f64>(py, paths, &points, gradients, &mut sums, n_threads),
        (false, false) => add::<f32, f32>(py, paths, &points, gradients, &mut sums, n_threads),
    }
}

struct Points<'a> {
    row: &'a [u32],
    background_index: &'a [u32],
    weight: &'a [f64],
    replicate: &'a [u8],
    controls: &'a [f64],
    n_controls: usize,
}

fn add<'py, T: Real + Element, G: Real + Element>(
    py: Python<'py>,
    (x, background): (&Bound<'py, PyAny>, &Bound<'py, PyAny>),
    points: &Points<'_>,
    gradients: &Bound<'py, PyAny>,
    sums: &mut PyReadwriteArray4<'_, f64>,
    n_threads: usize,
) -> PyResult<Option<(usize, usize, usize)>> {
    let (x, background) = (Stack::<T>::new("x", x)?, Stack::<T>::new("background", background)?);
    let gradients = Stack::<G>::new("gradients", gradients)?;
    let n_features = background.width();
    let (n_outputs, n_parts) = (sums.shape()[1], sums.shape()[2]);
    if sums.shape()[3] != n_features || n_parts < points.n_controls + 2 {
        let message = format!(
            "`sums` has shape {:?}, but (rows, outputs, R + K + 1, {n_features}) is needed",
            sums.shape()
        );
        return Err(DimensionError::new_err(message));
    }
    let block = Sums {
        paths: Paths { x: x.numbers()?, background: background.numbers()?, n_features },
        row: points.row,
        background_index: points.background_index,
        weight: points.weight,
        replicate: points.replicate,
        controls: points.controls,
        gradients: gradients.numbers()?,
        n_outputs,
        n_controls: points.n_controls,
        n_replicates: n_parts - points.n_controls - 1,
    };
    let sums = sums.as_slice_mut().map_err(|_| not_contiguous("sums"))?;
    // Never stopped half-way: after Ctrl-C the sums are those of whole blocks.
    let unfinite = briefly(py, n_threads, |workers| block.add(sums, workers))?;
    Ok(unfinite.map(|place| (place.point, place.output, place.feature)))
}

type OrderArrays<'py> = (Bound<'py, PyArray1<u32>>, Bound<'py, PyArray2<f64>>);
type SummaryArrays<'py> = (Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<f64>>);
type FinishedArrays<'py> = (
    Bound<'py, PyArray3<f64>>,
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray3<f64>>,
    Bound<'py, PyArray4<f64>>,
    Bound<'py, PyArray2<f64>>,
);
