//! The graph around the one tree operator: what comes before and after it must leave its numbers as they are.

use super::attributes::{self, Operator, wrong};
use super::protobuf::{Fields, damaged};
use crate::error::{Error, ModelError};
use crate::tree::forest::Precision;

/// The tree operator, and what the graph says of its input and output.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) operator: Operator<'a>,
    /// Columns of the input, where the file says so.
    pub(super) n_columns: Option<usize>,
    /// The type that inputs are compared in.
    pub(super) cast: Precision,
    /// Whether sums are in double precision.
    pub(super) is_double: bool,
    added: Vec<&'a [u8]>, // tensors that the graph adds to the trees
}

/// An input of the graph.
struct Input<'a> {
    name: &'a str,
    kind: i64,
    n_columns: Option<usize>,
}

const KINDS: [&str; 3] = ["TreeEnsembleRegressor", "TreeEnsembleClassifier", "TreeEnsemble"];
const FLOAT: i64 = 1;
const DOUBLE: i64 = 11;

impl<'a> Graph<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut graph = None;
        for field in Fields::of(bytes) {
            match field? {
                (7, message) => graph = Some(message.bytes()?),
                (25, _) => return Err(refused("local functions")),
                _ => {}
            }
        }
        let (mut operators, mut tensors, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
        for field in Fields::of(graph.ok_or_else(|| damaged(0, "no graph"))?) {
            match field? {
                (1, message) => operators.push(Operator::read(message.bytes()?)?),
                (5, message) => tensors.push((attributes::tensor_name(message.bytes()?)?, message.bytes()?)),
                (11, message) => inputs.push(Input::read(message.bytes()?)?),
                _ => {}
            }
        }
        let is_tree = |operator: &Operator<'_>| KINDS.contains(&operator.kind);
        let at = operators.iter().position(is_tree).ok_or_else(|| refused("a graph without trees"))?;
        let operator = operators.remove(at);
        if operators.iter().any(is_tree) {
            return Err(refused("a graph with several tree operators"));
        }
        inputs.retain(|input| tensors.iter().all(|(name, _)| *name != input.name));
        let (input, kind) = source(&operator, &operators, &inputs)?;
        let added = behind(&operator, &operators, &tensors)?;
        let doubles = ["nodes_values", "target_weights", "class_weights"];
        let is_wide = |name: &str| Ok(!operator.numbers(&format!("{name}_as_tensor"))?.is_empty());
        let is_wide: Result<Vec<bool>, Error> = doubles.into_iter().map(is_wide).collect();
        let is_double = kind == DOUBLE && (is_wide?.contains(&true) || operator.kind == "TreeEnsemble");
        Ok(Self {
            n_columns: input.n_columns,
            cast: if kind == FLOAT { Precision::F32 } else { Precision::F64 },
            is_double,
            operator,
            added,
        })
    }

    /// Add what the graph adds behind the trees.
    pub(super) fn add_to(&self, offset: &mut [f64]) -> Result<(), Error> {
        for tensor in &self.added {
            match attributes::numbers(tensor)?.as_slice() {
                &[number] => {
                    for offset in offset.iter_mut() {
                        *offset += number;
                    }
                }
                numbers if numbers.len() == offset.len() => {
                    for (offset, number) in offset.iter_mut().zip(numbers) {
                        *offset += number;
                    }
                }
                numbers => {
                    return Err(wrong("an added tensor", &numbers.len(), "one number, or one an output"));
                }
            }
        }
        Ok(())
    }
}

/// The graph's input that reaches the trees, and the type in which it does.
fn source<'i, 'a>(
    operator: &Operator<'a>,
    others: &[Operator<'a>],
    inputs: &'i [Input<'a>],
) -> Result<(&'i Input<'a>, i64), Error> {
    let mut name = operator.inputs.first().copied().unwrap_or("");
    let mut cast = None;
    // An operator stands once on the way, so that no circle keeps us.
    for _ in 0..=others.len() {
        if let Some(input) = inputs.iter().find(|input| input.name == name) {
            return Ok((input, cast.unwrap_or(input.kind)));
        }
        let Some(before) = others.iter().find(|operator| operator.outputs.contains(&name)) else {
            return Err(wrong("the input of the trees", &name, "an input of the graph"));
        };
        match before.kind {
            "Identity" => {}
            // Of two casts the last decides the type, but a first one to single precision has rounded.
            "Cast" => {
                let to = before.integer("to", 0)?;
                if to != FLOAT && to != DOUBLE {
                    return Err(refused(&format!("a cast to type {to} before the trees")));
                }
                cast = if cast == Some(FLOAT) || to == FLOAT { Some(FLOAT) } else { Some(to) };
            }
            other => return Err(refused(&format!("operator {other} before the trees"))),
        }
        name = before.inputs.first().copied().unwrap_or("");
    }
    Err(refused("a circle of operators"))
}

/// Tensors added behind the trees; refuses operators that change what the trees say.
fn behind<'a>(
    operator: &Operator<'a>,
    others: &[Operator<'a>],
    tensors: &[(&'a str, &'a [u8])],
) -> Result<Vec<&'a [u8]>, Error> {
    let mut reached: Vec<&str> = operator.outputs.clone();
    let mut is_raw: Vec<&str> = operator.outputs.clone();
    let mut added = Vec::new();
    for other in others {
        if !other.inputs.iter().any(|name| reached.contains(name)) {
            continue;
        }
        let from_raw = other.inputs.iter().any(|name| is_raw.contains(name));
        match other.kind {
            "Identity" | "Cast" | "ZipMap" | "Reshape" | "Squeeze" | "Unsqueeze" if from_raw => {
                is_raw.extend(&other.outputs);
            }
            "Add" if from_raw => {
                let tensor = other.inputs.iter().find_map(|name| tensors.iter().find(|(key, _)| key == name));
                added.push(tensor.ok_or_else(|| refused("operator Add of two results"))?.1);
                is_raw.extend(&other.outputs);
            }
            // From the score to probabilities and labels: the score is what we explain.
            "Identity"
            | "Cast"
            | "ZipMap"
            | "Reshape"
            | "Squeeze"
            | "Unsqueeze"
            | "Sigmoid"
            | "Softmax"
            | "ArgMax"
            | "Normalizer"
            | "ArrayFeatureExtractor"
            | "Exp" => {}
            kind => return Err(refused(&format!("operator {kind} behind the trees"))),
        }
        reached.extend(&other.outputs);
    }
    Ok(added)
}

impl<'a> Input<'a> {
    /// A `ValueInfoProto`: name, element type, and the last dimension of the shape.
    fn read(message: &'a [u8]) -> Result<Self, Error> {
        let mut input = Input { name: "", kind: 0, n_columns: None };
        for field in Fields::of(message) {
            match field? {
                (1, name) => input.name = name.text()?,
                (2, kind) => input.read_type(kind.bytes()?)?,
                _ => {}
            }
        }
        Ok(input)
    }

    fn read_type(&mut self, message: &'a [u8]) -> Result<(), Error> {
        for field in Fields::of(message) {
            let (1, tensor) = field? else { continue };
            for field in Fields::of(tensor.bytes()?) {
                match field? {
                    (1, kind) => self.kind = kind.integer()?,
                    (2, shape) => self.read_shape(shape.bytes()?)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn read_shape(&mut self, shape: &'a [u8]) -> Result<(), Error> {
        let mut n_dimensions = 0;
        for field in Fields::of(shape) {
            let (1, dimension) = field? else { continue };
            n_dimensions += 1;
            self.n_columns = None;
            for field in Fields::of(dimension.bytes()?) {
                if let (1, size) = field?
                    && n_dimensions == 2
                {
                    self.n_columns = usize::try_from(size.integer()?).ok().filter(|&size| size > 0);
                }
            }
        }
        Ok(())
    }
}

fn refused(what: &str) -> Error {
    let remedy = "only one tree ensemble with casts and a post-transform is read; \
                  use ferroshap.PermutationExplainer on the session's predictions";
    ModelError::Unsupported { library: "ONNX", what: what.to_owned(), remedy }.into()
}
