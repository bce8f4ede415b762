//! The glue: one file a room. Borrow arrays, release the GIL, call, convert errors.
#![allow(unsafe_code, reason = "PyO3's macros expand to it")]
#![allow(missing_docs, reason = "the documentation of the native names is in `_native.pyi`")]
#![allow(clippy::needless_pass_by_value, reason = "PyO3 hands arguments over by value")]

mod ahead;
mod arrays;
mod distinct;
mod error;
mod estimate;
mod gradient;
mod image;
mod impute;
mod impute_select;
mod interrupt;
mod mask;
mod methods;
mod plausibility;
mod reduce;
mod sparse;
mod table;
mod tree;

use pyo3::prelude::*;

use crate::{parallel, simd};

/// Threads that this process may use at once.
#[pyfunction]
fn usable_threads() -> usize {
    parallel::usable_threads()
}

/// The instruction set that kernels run in, and all that this processor has.
#[pyfunction]
fn instruction_sets() -> PyResult<(&'static str, Vec<&'static str>)> {
    let chosen = simd::InstructionSet::chosen().map_err(|found| error::to_python(&found))?;
    Ok((chosen.name(), simd::supported().into_iter().map(simd::InstructionSet::name).collect()))
}

/// Forget the thread pool, in a forked child.
#[pyfunction]
fn forget_pool() {
    parallel::forget_pool();
}

#[pymodule(gil_used = false)]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(usable_threads, module)?)?;
    module.add_function(wrap_pyfunction!(instruction_sets, module)?)?;
    module.add_function(wrap_pyfunction!(forget_pool, module)?)?;
    mask::register(module)?;
    ahead::register(module)?;
    distinct::register(module)?;
    impute::register(module)?;
    impute_select::register(module)?;
    estimate::register(module)?;
    gradient::register(module)?;
    image::register(module)?;
    plausibility::register(module)?;
    sparse::register(module)?;
    reduce::register(module)?;
    table::register(module)?;
    tree::register(module)
}
