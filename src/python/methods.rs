//! Methods by name and options, as Python spells them.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::error::{OptionError, to_python};
use crate::estimate::auto::{Method, Wishes};
use crate::estimate::precedence::{self, Law};
use crate::estimate::{even_gp, odd_gp, owen, unbiased};
use crate::index::{Interaction, Semivalue};
use crate::sample::Sequence;

/// The method of a name, with what `options` say; "auto" is not one.
pub(super) fn method_named(name: &str, options: Option<&Bound<'_, PyDict>>) -> PyResult<Method> {
    Ok(match name {
        "exact" => Method::Exact,
        "permutation" => Method::Permutation,
        "leverage" => Method::Leverage(Sequence::Leverage),
        "kernel" => Method::Leverage(Sequence::Kernel),
        "star" => Method::Leverage(Sequence::StarMiddle),
        "singles_first" => Method::SinglesFirst,
        "odd_gp" => Method::OddGp(odd_gp_options(options)?),
        "sparse_odd" => Method::SparseOdd(odd_gp_options(options)?),
        "controlled" => Method::Controlled(odd_gp_options(options)?),
        "unbiased" => Method::Unbiased(unbiased_options(options)?),
        "even_gp" => {
            Method::EvenGp(even_gp::Options { index: wished_index(options)?.unwrap_or(Interaction::Sii) })
        }
        "owen" => Method::Owen(owen_options(options)?),
        "precedence" => Method::Precedence(precedence_options(options)?),
        "screened" => Method::Screened,
        _ => return Err(OptionError::new_err(format!("`method` is {name:?}, which is not known"))),
    })
}

/// The name of a method.
pub(super) fn name_of(method: &Method) -> &'static str {
    match method {
        Method::Exact => "exact",
        Method::Permutation => "permutation",
        Method::Leverage(Sequence::Leverage) => "leverage",
        Method::Leverage(Sequence::Kernel) => "kernel",
        Method::Leverage(Sequence::StarMiddle) => "star",
        Method::SinglesFirst => "singles_first",
        Method::OddGp(_) => "odd_gp",
        Method::SparseOdd(_) => "sparse_odd",
        Method::Controlled(_) => "controlled",
        Method::Unbiased(_) => "unbiased",
        Method::EvenGp(_) => "even_gp",
        Method::Owen(_) => "owen",
        Method::Precedence(_) => "precedence",
        Method::Screened => "screened",
    }
}

/// What the automatic choice is asked for.
pub(super) fn wishes(options: Option<&Bound<'_, PyDict>>) -> PyResult<Wishes> {
    let unbiased = option::<bool>(options, "unbiased")?.unwrap_or(false);
    Ok(Wishes {
        unbiased: unbiased.then(|| unbiased_options(options)).transpose()?,
        index: wished_index(options)?,
        screen: option::<bool>(options, "screen")?.unwrap_or(false),
    })
}

/// What Python hands back with the name, so that the same method starts again.
pub(super) fn options_of<'py>(py: Python<'py>, method: &Method) -> PyResult<Bound<'py, PyDict>> {
    let options = PyDict::new(py);
    match method {
        Method::OddGp(own) | Method::SparseOdd(own) | Method::Controlled(own) => {
            options.set_item("ascent", own.ascent)?;
            options.set_item("hyper", if own.shape == odd_gp::Shape::Pooled { "pooled" } else { "row" })?;
            options.set_item("sequence", sequence_name(own.sequence))?;
        }
        Method::Unbiased(own) => {
            let semivalue = match own.semivalue {
                Semivalue::Banzhaf => ("banzhaf", 0.0, 0.0),
                Semivalue::Beta { alpha, beta } => ("beta", alpha, beta),
                Semivalue::Shapley | Semivalue::Weights(_) => ("shapley", 0.0, 0.0), // weights have no name here
            };
            options.set_item("semivalue", semivalue)?;
            options.set_item("folds", own.folds)?;
            match own.surrogate {
                unbiased::Surrogate::None => (),
                unbiased::Surrogate::Linear => options.set_item("surrogate", "linear")?,
                unbiased::Surrogate::Kriging => options.set_item("surrogate", "kriging")?,
                unbiased::Surrogate::Given => options.set_item("surrogate", "given")?,
            }
        }
        Method::EvenGp(own) => options.set_item("index", own.index.name())?,
        Method::Owen(own) => {
            options.set_item("tree", own.tree.walk().into_iter().map(code_of).collect::<Vec<_>>())?;
            options.set_item("sampling", sampling_name(own.sampling))?;
            if let Some(shares) = &own.shares {
                options.set_item("shares", shares.to_vec())?;
            }
        }
        Method::Precedence(own) => {
            options.set_item("precedence", own.pairs.clone())?;
            match own.law {
                None => (),
                Some(Law::Uniform) => options.set_item("law", "uniform")?,
                Some(Law::Sequential) => options.set_item("law", "sequential")?,
            }
        }
        Method::Exact
        | Method::Permutation
        | Method::Leverage(_)
        | Method::SinglesFirst
        | Method::Screened => (),
    }
    Ok(options)
}

fn option<'py, T: for<'a> FromPyObject<'a, 'py, Error = PyErr>>(
    options: Option<&Bound<'py, PyDict>>,
    name: &str,
) -> PyResult<Option<T>> {
    let Some(value) = options.map(|options| options.get_item(name)).transpose()?.flatten() else {
        return Ok(None);
    };
    value.extract().map(Some)
}

fn sequence(options: Option<&Bound<'_, PyDict>>) -> PyResult<Option<Sequence>> {
    let Some(name) = option::<String>(options, "sequence")? else { return Ok(None) };
    Ok(Some(match name.as_str() {
        "leverage" => Sequence::Leverage,
        "kernel" => Sequence::Kernel,
        "star" => Sequence::StarMiddle,
        _ => return Err(OptionError::new_err(format!("`sequence` is {name:?}, which is not known"))),
    }))
}

fn sequence_name(sequence: Sequence) -> &'static str {
    match sequence {
        Sequence::Leverage => "leverage",
        Sequence::Kernel => "kernel",
        Sequence::StarMiddle => "star",
    }
}

fn odd_gp_options(options: Option<&Bound<'_, PyDict>>) -> PyResult<odd_gp::Options> {
    let default = odd_gp::Options::default();
    let shape = match option::<String>(options, "hyper")?.as_deref() {
        None | Some("row") => odd_gp::Shape::Row,
        Some("pooled") => odd_gp::Shape::Pooled,
        Some(other) => return Err(OptionError::new_err(format!("`hyper` is {other:?}, which is not known"))),
    };
    let ascent = option(options, "ascent")?.unwrap_or(default.ascent);
    Ok(odd_gp::Options { ascent, shape, sequence: sequence(options)?.unwrap_or(default.sequence) })
}

fn unbiased_options(options: Option<&Bound<'_, PyDict>>) -> PyResult<unbiased::Options> {
    let default = unbiased::Options::default();
    let semivalue = match option::<(String, f64, f64)>(options, "semivalue")? {
        None => Semivalue::Shapley,
        Some((name, a, b)) => match name.as_str() {
            "shapley" => Semivalue::Shapley,
            "banzhaf" => Semivalue::Banzhaf,
            "beta" => Semivalue::Beta { alpha: a, beta: b },
            _ => return Err(OptionError::new_err(format!("`semivalue` is {name:?}, which is not known"))),
        },
    };
    let surrogate = match option::<String>(options, "surrogate")?.as_deref() {
        None => default.surrogate,
        Some("linear") => unbiased::Surrogate::Linear,
        Some("kriging") => unbiased::Surrogate::Kriging,
        Some("given") => unbiased::Surrogate::Given,
        Some(other) => {
            return Err(OptionError::new_err(format!("`surrogate` is {other:?}, which is not known")));
        }
    };
    Ok(unbiased::Options { semivalue, surrogate, folds: option(options, "folds")?.unwrap_or(default.folds) })
}

fn wished_index(options: Option<&Bound<'_, PyDict>>) -> PyResult<Option<Interaction>> {
    let Some(name) = option::<String>(options, "index")? else { return Ok(None) };
    Interaction::from_name(&name)
        .map(Some)
        .ok_or_else(|| OptionError::new_err(format!("`index` is {name:?}, which is not known")))
}

/// A tree as its walk: players, and for inner nodes their numbers of children, negative. And what each player's share
/// of an unsplit node is in proportion to.
fn owen_options(options: Option<&Bound<'_, PyDict>>) -> PyResult<owen::Options> {
    let walk: Vec<i64> = option(options, "tree")?.unwrap_or_default();
    let step = |code: &i64| {
        let number = u32::try_from(code.unsigned_abs()).map_err(|_| {
            OptionError::new_err(format!("`tree` is walked by {code}, but must be by numbers of 32 bits"))
        })?;
        PyResult::Ok(if *code < 0 { owen::Step::Inner(number) } else { owen::Step::Leaf(number) })
    };
    let walk = walk.iter().map(step).collect::<PyResult<Vec<_>>>()?;
    let tree = owen::Tree::new(&walk).map_err(|error| to_python(&error))?;
    let sampling = match option::<String>(options, "sampling")?.as_deref() {
        None | Some("auto") => owen::Sampling::Auto,
        Some("exact") => owen::Sampling::Exact,
        Some("adaptive") => owen::Sampling::Adaptive,
        Some("orders") => owen::Sampling::Orders,
        Some(other) => {
            return Err(OptionError::new_err(format!("`sampling` is {other:?}, which is not known")));
        }
    };
    let shares = option::<Vec<f64>>(options, "shares")?.map(Arc::new);
    Ok(owen::Options { tree: Arc::new(tree), sampling, shares })
}

fn code_of(step: owen::Step) -> i64 {
    match step {
        owen::Step::Leaf(player) => i64::from(player),
        owen::Step::Inner(n_children) => -i64::from(n_children),
    }
}

fn sampling_name(sampling: owen::Sampling) -> &'static str {
    match sampling {
        owen::Sampling::Auto => "auto",
        owen::Sampling::Exact => "exact",
        owen::Sampling::Adaptive => "adaptive",
        owen::Sampling::Orders => "orders",
    }
}

fn precedence_options(options: Option<&Bound<'_, PyDict>>) -> PyResult<precedence::Options> {
    let law = match option::<String>(options, "law")?.as_deref() {
        None => None,
        Some("uniform") => Some(Law::Uniform),
        Some("sequential") => Some(Law::Sequential),
        Some(other) => return Err(OptionError::new_err(format!("`law` is {other:?}, which is not known"))),
    };
    Ok(precedence::Options { pairs: option(options, "precedence")?.unwrap_or_default(), law })
}
