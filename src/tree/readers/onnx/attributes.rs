//! The attributes of an operator: numbers, texts and tensors by name.

use super::protobuf::{Fields, damaged};
use crate::error::{Error, ModelError};

/// One operator of the graph.
#[derive(Debug, Default)]
pub(super) struct Operator<'a> {
    pub(super) kind: &'a str,
    pub(super) domain: &'a str,
    pub(super) inputs: Vec<&'a str>,
    pub(super) outputs: Vec<&'a str>,
    attributes: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Operator<'a> {
    pub(super) fn read(message: &'a [u8]) -> Result<Self, Error> {
        let mut operator = Self::default();
        for field in Fields::of(message) {
            match field? {
                (1, name) => operator.inputs.push(name.text()?),
                (2, name) => operator.outputs.push(name.text()?),
                (4, kind) => operator.kind = kind.text()?,
                (5, attribute) => {
                    let attribute = attribute.bytes()?;
                    let mut name = "";
                    for field in Fields::of(attribute) {
                        if let (1, text) = field? {
                            name = text.text()?;
                        }
                    }
                    operator.attributes.push((name, attribute));
                }
                (7, domain) => operator.domain = domain.text()?,
                _ => {}
            }
        }
        Ok(operator)
    }

    fn attribute(&self, name: &str) -> Fields<'a> {
        let found = self.attributes.iter().find(|(key, _)| *key == name);
        Fields::of(found.map_or(&[], |&(_, message)| message))
    }

    /// An integer, or what stands for it when it is absent.
    pub(super) fn integer(&self, name: &str, absent: i64) -> Result<i64, Error> {
        let mut number = absent;
        for field in self.attribute(name) {
            if let (3, integer) = field? {
                number = integer.integer()?;
            }
        }
        Ok(number)
    }

    /// A text, or what stands for it when it is absent.
    pub(super) fn text(&self, name: &str, absent: &'static str) -> Result<&'a str, Error> {
        let mut found = absent;
        for field in self.attribute(name) {
            if let (4, text) = field? {
                found = text.text()?;
            }
        }
        Ok(found)
    }

    /// Integers; empty when absent.
    pub(super) fn integers(&self, name: &str) -> Result<Vec<i64>, Error> {
        let mut numbers = Vec::new();
        for field in self.attribute(name) {
            if let (8, integers) = field? {
                integers.integers(&mut numbers)?;
            }
        }
        Ok(numbers)
    }

    /// Texts; empty when absent.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, Error> {
        let mut texts = Vec::new();
        for field in self.attribute(name) {
            if let (9, text) = field? {
                texts.push(text.text()?);
            }
        }
        Ok(texts)
    }

    /// Numbers: an array of single precision, or a tensor, which may be in double precision. Empty when absent.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        let (mut singles, mut tensor) = (Vec::new(), Vec::new());
        for field in self.attribute(name) {
            match field? {
                (7, floats) => floats.singles(&mut singles)?,
                (5, message) => tensor = numbers(message.bytes()?)?,
                _ => {}
            }
        }
        Ok(if tensor.is_empty() { singles.into_iter().map(f64::from).collect() } else { tensor })
    }

    /// Numbers that older versions give as an array, and double precision models as a tensor.
    pub(super) fn either(&self, name: &str) -> Result<Vec<f64>, Error> {
        let tensor = self.numbers(&format!("{name}_as_tensor"))?;
        if tensor.is_empty() { self.numbers(name) } else { Ok(tensor) }
    }
}

/// The name of a tensor of the graph.
pub(super) fn tensor_name(tensor: &[u8]) -> Result<&str, Error> {
    let mut name = "";
    for field in Fields::of(tensor) {
        if let (8, text) = field? {
            name = text.text()?;
        }
    }
    Ok(name)
}

/// The numbers of a tensor.
pub(super) fn numbers(tensor: &[u8]) -> Result<Vec<f64>, Error> {
    let (mut kind, mut raw) = (0, &[][..]);
    let (mut singles, mut doubles, mut integers) = (Vec::new(), Vec::new(), Vec::new());
    for field in Fields::of(tensor) {
        match field? {
            (2, number) => kind = number.integer()?,
            (4, numbers) => numbers.singles(&mut singles)?,
            (5 | 7, numbers) => numbers.integers(&mut integers)?,
            (9, bytes) => raw = bytes.bytes()?,
            (10, numbers) => numbers.doubles(&mut doubles)?,
            (13, _) => {
                let what = "a tensor in a file of its own".to_owned();
                let remedy = "save the model with its tensors inside";
                return Err(ModelError::Unsupported { library: "ONNX", what, remedy }.into());
            }
            _ => {}
        }
    }
    match (kind, raw.is_empty()) {
        (1, true) => Ok(singles.into_iter().map(f64::from).collect()),
        (11, true) => Ok(doubles),
        (2 | 3 | 6 | 7, true) => Ok(integers.into_iter().map(|number| number as f64).collect()),
        (1, false) => Ok(raw.as_chunks().0.iter().map(|&n| f64::from(f32::from_le_bytes(n))).collect()),
        (11, false) => Ok(raw.as_chunks().0.iter().map(|&n| f64::from_le_bytes(n)).collect()),
        (2, false) => Ok(raw.iter().map(|&n| f64::from(n)).collect()),
        (7, false) => Ok(raw.as_chunks().0.iter().map(|&n| i64::from_le_bytes(n) as f64).collect()),
        _ => Err(damaged(0, &format!("a tensor of type {kind}, where single or double precision belongs"))),
    }
}

pub(super) fn wrong(field: &str, got: &impl ToString, accepted: &'static str) -> Error {
    ModelError::Field { format: "ONNX", field: field.to_owned(), got: got.to_string(), accepted }.into()
}
