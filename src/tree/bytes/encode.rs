//! A forest's payload.

use super::header::{CATEGORY, DOUBLES, NUMERIC, SINGLES, codes, flags, precision, transform};
use crate::tree::encode::Number;
use crate::tree::forest::{Column, Forest, Output, Predicate, Split, Step};

struct Writer(Vec<u8>);

pub(super) fn payload(forest: &Forest) -> Vec<u8> {
    let mut to = Writer(Vec::new());
    to.text(&forest.library);
    to.byte(precision(forest.predicts_in));
    let (kind, scale) = transform(forest.transform);
    to.byte(kind);
    to.double(scale);
    to.double(forest.absent);
    to.count(forest.trees_per_round as usize);
    to.byte(u8::from(forest.has_cover));
    to.columns(forest);
    to.count(forest.n_outputs());
    to.numbers(&forest.offset);
    to.count(forest.sets.len());
    for set in &forest.sets {
        to.count(set.words.len());
        for word in &set.words {
            to.0.extend_from_slice(&word.to_le_bytes());
        }
    }
    to.trees(forest);
    to.0
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    fn count(&mut self, count: usize) {
        let mut rest = count;
        while rest > 0x7F {
            self.0.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.0.push(rest.to_le_bytes()[0]);
    }

    fn double(&mut self, number: f64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// As singles where all are singles. The reader knows how many there are.
    fn numbers(&mut self, numbers: &[f64]) {
        let is_single = |number: &f64| f64::from(number.single()).to_bits() == number.to_bits();
        if numbers.iter().all(is_single) {
            self.byte(SINGLES);
            for &number in numbers {
                self.0.extend_from_slice(&number.single().to_le_bytes());
            }
        } else {
            self.byte(DOUBLES);
            for &number in numbers {
                self.double(number);
            }
        }
    }

    /// As whole numbers of 1, 2 or 4 bytes.
    fn integers(&mut self, integers: &[u32]) {
        let largest = integers.iter().max().copied().unwrap_or(0);
        let width = if largest < 1 << 8 {
            1
        } else if largest < 1 << 16 {
            2
        } else {
            4
        };
        self.byte(width);
        for integer in integers {
            self.0.extend_from_slice(&integer.to_le_bytes()[..usize::from(width)]);
        }
    }

    fn columns(&mut self, forest: &Forest) {
        self.count(forest.n_columns());
        for column in &forest.columns {
            match column {
                Column::Numeric { cast, missing } => {
                    self.byte(NUMERIC);
                    self.byte(precision(*cast));
                    self.missing(*missing);
                }
                Column::Category { codes: rule, missing, dictionary, is_numeric } => {
                    let (kind, known) = codes(*rule);
                    self.byte(CATEGORY);
                    self.byte(kind);
                    self.missing(*missing);
                    self.count(known as usize);
                    self.byte(u8::from(*is_numeric));
                    self.texts(dictionary);
                }
            }
        }
        self.texts(&forest.names);
        self.integers(&forest.player);
    }

    fn texts(&mut self, texts: &[String]) {
        self.count(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    fn missing(&mut self, missing: Option<f64>) {
        self.byte(u8::from(missing.is_some()));
        if let Some(value) = missing {
            self.double(value);
        }
    }

    fn trees(&mut self, forest: &Forest) {
        self.count(forest.trees.len());
        for tree in &forest.trees {
            self.count(match tree.output {
                Output::All => 0,
                Output::One(output) => output as usize + 1,
            });
            self.byte(u8::from(tree.is_oblivious) | u8::from(!tree.linear.is_empty()) << 1);
        }
        let nodes: Vec<_> = forest.trees.iter().flat_map(|tree| &tree.nodes).collect();
        self.count(nodes.len());
        for eight in nodes.chunks(8) {
            let bits = eight.iter().map(|node| u8::from(matches!(node.step, Step::Split(_))));
            self.byte(bits.zip(0..).fold(0, |byte, (bit, place)| byte | bit << place));
        }
        let splits: Vec<&Split> = nodes
            .iter()
            .filter_map(|node| if let Step::Split(split) = &node.step { Some(split) } else { None })
            .collect();
        self.0.extend(splits.iter().map(|split| flags(split)));
        self.integers(&splits.iter().map(|split| split.column).collect::<Vec<_>>());
        let (mut thresholds, mut sets) = (Vec::new(), Vec::new());
        for split in splits {
            match split.predicate {
                Predicate::Lt(t) | Predicate::Le(t) | Predicate::Eq(t) => thresholds.push(t),
                Predicate::InSet { set, .. } => sets.push(set),
            }
        }
        self.numbers(&thresholds);
        self.integers(&sets);
        if forest.has_cover {
            self.numbers(&nodes.iter().map(|node| node.cover).collect::<Vec<_>>());
        }
        self.numbers(&forest.trees.iter().flat_map(|tree| &tree.values).copied().collect::<Vec<_>>());
        self.linear(forest);
    }

    fn linear(&mut self, forest: &Forest) {
        for linear in forest.trees.iter().flat_map(|tree| &tree.linear) {
            self.double(linear.constant);
            self.double(linear.if_nan);
            self.count(linear.terms.len());
            for &(column, coefficient) in &linear.terms {
                self.count(column as usize);
                self.double(coefficient);
            }
        }
    }
}
