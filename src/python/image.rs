//! Glue of `image`: regions, trees of them, fills and masked batches.

use numpy::{
    Element, IntoPyArray, PyArray1, PyArray3, PyArray4, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyReadonlyArray3, PyReadwriteArray4, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use super::arrays::{flat, not_contiguous, vector};
use super::error::{DimensionError, to_python};
use super::interrupt::{briefly, interruptible};
use crate::error::Error;
use crate::image::{self, Intensity, Layout, Linkage, Picture, Selectable, Shape};
use crate::parallel::Workers;

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(image_colours, module)?)?;
    module.add_function(wrap_pyfunction!(image_lab, module)?)?;
    module.add_function(wrap_pyfunction!(image_cells, module)?)?;
    module.add_function(wrap_pyfunction!(image_tree, module)?)?;
    module.add_function(wrap_pyfunction!(axis_tree, module)?)?;
    module.add_function(wrap_pyfunction!(tree_walk, module)?)?;
    module.add_function(wrap_pyfunction!(slic, module)?)?;
    module.add_function(wrap_pyfunction!(grid_segments, module)?)?;
    module.add_function(wrap_pyfunction!(image_blur, module)?)?;
    module.add_function(wrap_pyfunction!(segment_means, module)?)?;
    module.add_function(wrap_pyfunction!(render, module)?)?;
    module.add_function(wrap_pyfunction!(render_filled, module)?)?;
    module.add_function(wrap_pyfunction!(pull_push, module)?)
}

/// Call `$function` with the type of a picture's numbers.
macro_rules! by_intensity {
    ($image:expr, $function:ident, $($argument:expr),*) => {
        if $image.cast::<PyArray3<u8>>().is_ok() {
            $function::<u8>($($argument),*)
        } else if $image.cast::<PyArray3<f32>>().is_ok() {
            $function::<f32>($($argument),*)
        } else if $image.cast::<PyArray3<f64>>().is_ok() {
            $function::<f64>($($argument),*)
        } else {
            Err(DimensionError::new_err(
                "`image` must be an array (height, width, channels) of uint8, float32 or float64",
            ))
        }
    };
}

type Regions<'py> = PyReadonlyArray2<'py, i32>;
type Numbers<'py> = Bound<'py, PyArray1<u32>>;

/// Numbers that are worked off where the call came from: a few milliseconds, and another thread wakes up in 0.1, or in
/// 10 where processors are busy. A colour picture of 224 x 224 pixels is among them.
const FEW: usize = 1 << 18;

/// A region that merges counts for so many numbers.
const NUMBERS_PER_REGION: usize = 8;

/// Do work that calculates with so many numbers, within reach of Ctrl-C where they are many.
fn by_size<T: Send>(
    py: Python<'_>,
    n_values: usize,
    n_threads: usize,
    work: impl FnOnce(&Workers<'_>) -> Result<T, Error> + Send,
) -> PyResult<T> {
    if n_values <= FEW { briefly(py, n_threads, work) } else { interruptible(py, n_threads, work) }
}

/// A borrowed picture.
struct Borrowed<'py, T: Element> {
    array: PyReadonlyArray3<'py, T>,
    shape: Shape,
}

impl<'py, T: Element> Borrowed<'py, T> {
    fn new(image: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array: PyReadonlyArray3<'py, T> = image.extract()?;
        let &[height, width, n_channels] = array.shape() else {
            return Err(DimensionError::new_err("`image` must have three dimensions"));
        };
        Ok(Self { array, shape: Shape { height, width, n_channels } })
    }

    fn values(&self, argument: &str) -> PyResult<&[T]> {
        self.array.as_slice().map_err(|_| not_contiguous(argument))
    }

    fn result<U: Element>(&self, py: Python<'py>, values: Vec<U>) -> PyResult<Bound<'py, PyAny>> {
        let Shape { height, width, .. } = self.shape;
        let n_channels = values.len() / (height * width).max(1);
        Ok(PyArray1::from_vec(py, values).reshape([height, width, n_channels])?.into_any())
    }

    /// The map of regions must be as large.
    fn check_regions(&self, regions: &Regions<'_>) -> PyResult<()> {
        let Shape { height, width, .. } = self.shape;
        if regions.shape() == [height, width] {
            return Ok(());
        }
        let got = regions.shape();
        Err(DimensionError::new_err(format!(
            "`regions` has the shape ({}, {}), but the image has ({height}, {width}): one number a pixel",
            got[0], got[1]
        )))
    }
}

#[pyfunction]
fn image_colours<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    low: f64,
    high: f64,
) -> PyResult<Bound<'py, PyAny>> {
    by_intensity!(image, colours_of, py, image, low, high)
}

fn colours_of<'py, T: Intensity + Element>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    low: f64,
    high: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Borrowed::<T>::new(image)?;
    let (values, shape) = (image.values("image")?, image.shape);
    let bytes = by_size(py, values.len(), 1, |_| image::colour_bytes(values, shape, low, high))?;
    image.result(py, bytes)
}

#[pyfunction]
fn image_lab<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    low: f64,
    high: f64,
) -> PyResult<Bound<'py, PyAny>> {
    by_intensity!(image, lab_of, py, image, low, high)
}

fn lab_of<'py, T: Intensity + Element>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    low: f64,
    high: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Borrowed::<T>::new(image)?;
    let (values, shape) = (image.values("image")?, image.shape);
    let lab = by_size(py, values.len(), 1, |_| image::lab(values, shape, low, high))?;
    image.result(py, lab)
}

/// A map of regions as an array.
fn map_of(py: Python<'_>, regions: Vec<i32>, height: usize, width: usize) -> PyResult<Bound<'_, PyAny>> {
    Ok(PyArray1::from_vec(py, regions).reshape([height, width])?.into_any())
}

#[pyfunction]
fn image_cells(py: Python<'_>, height: usize, width: usize, cell: usize) -> PyResult<Bound<'_, PyAny>> {
    let cells = image::cells(height, width, cell).map_err(|error| to_python(&error))?;
    map_of(py, cells, height, width)
}

#[pyfunction]
fn grid_segments(
    py: Python<'_>,
    height: usize,
    width: usize,
    rows: usize,
    cols: usize,
) -> PyResult<Bound<'_, PyAny>> {
    let segments = image::grid_segments(height, width, rows, cols).map_err(|error| to_python(&error))?;
    map_of(py, segments, height, width)
}

fn children(py: Python<'_>, linkage: Linkage) -> (Numbers<'_>, Numbers<'_>) {
    (linkage.left.into_pyarray(py), linkage.right.into_pyarray(py))
}

#[pyfunction]
fn image_tree<'py>(
    py: Python<'py>,
    colours: &Bound<'py, PyAny>,
    regions: Regions<'py>,
    n_regions: usize,
    n_threads: usize,
) -> PyResult<(Numbers<'py>, Numbers<'py>)> {
    let colours = Borrowed::<u8>::new(colours)?;
    colours.check_regions(&regions)?;
    let (values, shape) = (colours.values("colours")?, colours.shape);
    let regions = flat("regions", &regions)?;
    let grow = |workers: &Workers<'_>| image::partition_tree(values, shape, regions, n_regions, workers);
    Ok(children(py, by_size(py, values.len() + NUMBERS_PER_REGION * n_regions, n_threads, grow)?))
}

#[pyfunction]
fn axis_tree(
    py: Python<'_>,
    height: usize,
    width: usize,
    cell: usize,
) -> PyResult<(Numbers<'_>, Numbers<'_>)> {
    Ok(children(py, image::axis_tree(height, width, cell).map_err(|error| to_python(&error))?))
}

#[pyfunction]
fn tree_walk<'py>(
    py: Python<'py>,
    left: PyReadonlyArray1<'py, u32>,
    right: PyReadonlyArray1<'py, u32>,
) -> PyResult<Bound<'py, PyArray1<i64>>> {
    let (left, right) = (vector("left", &left)?.to_vec(), vector("right", &right)?.to_vec());
    let walk = Linkage { left, right }.walk().map_err(|error| to_python(&error))?;
    Ok(walk.into_pyarray(py))
}

#[pyfunction]
fn slic<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    n_segments: usize,
    compactness: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Borrowed::<f32>::new(image)?;
    let (values, shape) = (image.values("image")?, image.shape);
    let cut = |workers: &Workers<'_>| image::slic(values, shape, n_segments, compactness, workers);
    map_of(py, by_size(py, values.len(), 1, cut)?, shape.height, shape.width)
}

#[pyfunction]
fn image_blur<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    kx: usize,
    ky: usize,
    passes: usize,
) -> PyResult<Bound<'py, PyAny>> {
    by_intensity!(image, blur_of, py, image, kx, ky, passes)
}

fn blur_of<'py, T: Intensity + Element>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    kx: usize,
    ky: usize,
    passes: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Borrowed::<T>::new(image)?;
    let (values, shape) = (image.values("image")?, image.shape);
    let blurred = by_size(py, values.len(), 1, |_| image::blur(values, shape, kx, ky, passes))?;
    image.result(py, blurred)
}

#[pyfunction]
fn segment_means<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    regions: Regions<'py>,
    n_regions: usize,
) -> PyResult<Bound<'py, PyAny>> {
    by_intensity!(image, means_of, py, image, &regions, n_regions)
}

fn means_of<'py, T: Intensity + Element>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    regions: &Regions<'py>,
    n_regions: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Borrowed::<T>::new(image)?;
    image.check_regions(regions)?;
    let (values, shape) = (image.values("image")?, image.shape);
    let regions = flat("regions", regions)?;
    let means = by_size(py, values.len(), 1, |_| image::segment_means(values, shape, regions, n_regions))?;
    image.result(py, means)
}

#[pyfunction]
fn pull_push<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    hidden: PyReadonlyArray2<'py, bool>,
) -> PyResult<Bound<'py, PyAny>> {
    by_intensity!(image, filled_of, py, image, &hidden)
}

fn filled_of<'py, T: Intensity + Element>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    hidden: &PyReadonlyArray2<'py, bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let image = Borrowed::<T>::new(image)?;
    let (values, shape) = (image.values("image")?, image.shape);
    let hidden = flat("hidden", hidden)?;
    let filled = by_size(py, values.len(), 1, |_| image::pull_push(values, shape, hidden))?;
    image.result(py, filled)
}

/// How the numbers of a batch lie: as its shape says, and where that fits both layouts, channels last.
fn layout_of(batch: &[usize], shape: Shape, channels_first: Option<bool>) -> PyResult<Layout> {
    let Shape { height, width, n_channels } = shape;
    let (last, first) = ([height, width, n_channels], [n_channels, height, width]);
    match (batch[1..] == last, batch[1..] == first, channels_first) {
        (true, _, None | Some(false)) => Ok(Layout::ChannelsLast),
        (_, true, None | Some(true)) => Ok(Layout::ChannelsFirst),
        _ => Err(DimensionError::new_err(format!(
            "`out` has the shape {batch:?}, but pictures of {last:?}, or {first:?} with channels first, are written to it"
        ))),
    }
}

/// Call `$function` with the type of a batch's numbers.
macro_rules! by_type {
    ($out:expr, [$($type:ty),*], $function:ident $arguments:tt, $accepted:literal) => {
        $(if $out.cast::<PyArray4<$type>>().is_ok() { by_type!(@call $function, $type, $arguments) } else)*
        { Err(DimensionError::new_err(concat!("`out` must be an array of four dimensions of ", $accepted))) }
    };
    (@call $function:ident, $type:ty, ($($argument:expr),*)) => { $function::<$type>($($argument),*) };
}

#[pyfunction]
#[pyo3(signature = (image, fill, regions, coalitions, out, n_threads, channels_first=None))]
#[expect(clippy::too_many_arguments, reason = "one call a batch: everything that describes it")]
fn render(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    fill: &Bound<'_, PyAny>,
    regions: Regions<'_>,
    coalitions: PyReadonlyArray2<'_, u64>,
    out: &Bound<'_, PyAny>,
    n_threads: usize,
    channels_first: Option<bool>,
) -> PyResult<()> {
    let options = (n_threads, channels_first);
    by_type!(
        out,
        [u8, f32, f64, u16, u32, u64],
        rendered(py, image, fill, &regions, &coalitions, out, options),
        "uint8, float32, float64, uint16, uint32 or uint64"
    )
}

fn rendered<T: Selectable + Element>(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    fill: &Bound<'_, PyAny>,
    regions: &Regions<'_>,
    coalitions: &PyReadonlyArray2<'_, u64>,
    out: &Bound<'_, PyAny>,
    (n_threads, channels_first): (usize, Option<bool>),
) -> PyResult<()> {
    let (image, fill) = (Borrowed::<T>::new(image)?, Borrowed::<T>::new(fill)?);
    image.check_regions(regions)?;
    if fill.shape != image.shape {
        return Err(DimensionError::new_err("`fill` must have the shape of `image`"));
    }
    let mut out: PyReadwriteArray4<'_, T> = out.extract()?;
    let layout = layout_of(out.shape(), image.shape, channels_first)?;
    let out = out.as_slice_mut().map_err(|_| not_contiguous("out"))?;
    let (values, regions) = (image.values("image")?, flat("regions", regions)?);
    let picture = Picture { image: values, shape: image.shape, regions };
    let fill = fill.values("fill")?;
    let (words, width) = (flat("coalitions", coalitions)?, coalitions.shape()[1]);
    // Bits are copied, which takes a fiftieth of what calculating with them does.
    by_size(py, out.len() / 50, n_threads, |workers| {
        image::render(&picture, fill, words, width, layout, out, workers)
    })
}

#[pyfunction]
#[pyo3(signature = (image, regions, coalitions, out, n_threads, channels_first=None))]
fn render_filled(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    regions: Regions<'_>,
    coalitions: PyReadonlyArray2<'_, u64>,
    out: &Bound<'_, PyAny>,
    n_threads: usize,
    channels_first: Option<bool>,
) -> PyResult<()> {
    let options = (n_threads, channels_first);
    by_type!(
        out,
        [u8, f32, f64],
        rendered_filled(py, image, &regions, &coalitions, out, options),
        "uint8, float32 or float64"
    )
}

fn rendered_filled<T: Intensity + Element>(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    regions: &Regions<'_>,
    coalitions: &PyReadonlyArray2<'_, u64>,
    out: &Bound<'_, PyAny>,
    (n_threads, channels_first): (usize, Option<bool>),
) -> PyResult<()> {
    let image = Borrowed::<T>::new(image)?;
    image.check_regions(regions)?;
    let mut out: PyReadwriteArray4<'_, T> = out.extract()?;
    let layout = layout_of(out.shape(), image.shape, channels_first)?;
    let out = out.as_slice_mut().map_err(|_| not_contiguous("out"))?;
    let (values, regions) = (image.values("image")?, flat("regions", regions)?);
    let picture = Picture { image: values, shape: image.shape, regions };
    let (words, width) = (flat("coalitions", coalitions)?, coalitions.shape()[1]);
    by_size(py, out.len(), n_threads, |workers| {
        image::render_filled(&picture, words, width, layout, out, workers)
    })
}
