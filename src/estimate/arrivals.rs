//! Worths as they arrive, put back into the order in which they were asked.

use std::collections::BTreeMap;

use crate::error::Error;

/// Accepts batches of worths in any order and hands out the complete prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    n_outputs: usize,
    asked: u64,
    /// Every evaluation before this one has been handed out.
    next: u64,
    /// Batches that came early, by the number of their first evaluation.
    waiting: BTreeMap<u64, Vec<f64>>,
}

impl Arrivals {
    /// Nothing asked, nothing told.
    pub fn new(n_outputs: usize) -> Self {
        Self { n_outputs, asked: 0, next: 0, waiting: BTreeMap::new() }
    }

    /// Number `count` evaluations more as asked; returns the number of the first.
    pub fn ask(&mut self, count: usize) -> u64 {
        self.asked += count as u64;
        self.asked - count as u64
    }

    /// Evaluations asked so far.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Evaluations in the complete prefix, all of which have been handed out.
    pub fn told(&self) -> u64 {
        self.next
    }

    /// Accept a batch; `consume` is given each stretch of worths that completes the prefix, in order.
    pub fn tell(&mut self, first: u64, worths: &[f64], mut consume: impl FnMut(&[f64])) -> Result<(), Error> {
        if worths.is_empty() || !worths.len().is_multiple_of(self.n_outputs) {
            let want = self.n_outputs * worths.len().div_ceil(self.n_outputs).max(1);
            return Err(Error::Length { argument: "worths", got: worths.len(), want });
        }
        let count = (worths.len() / self.n_outputs) as u64;
        let after = first.saturating_add(count);
        let free_before = self
            .waiting
            .range(..after)
            .next_back()
            .is_none_or(|(&start, early)| start + (early.len() / self.n_outputs) as u64 <= first);
        if first < self.next || after > self.asked || !free_before {
            return Err(Error::NotAsked { first, last: after - 1 });
        }
        if let Some(position) = worths.iter().position(|worth| !worth.is_finite()) {
            return Err(Error::WorthNotFinite {
                evaluation: first + (position / self.n_outputs) as u64,
                output: position % self.n_outputs,
                worth: worths[position],
            });
        }
        if first > self.next {
            self.waiting.insert(first, worths.to_vec());
            return Ok(());
        }
        consume(worths);
        self.next = after;
        while let Some(early) = self.waiting.remove(&self.next) {
            consume(&early);
            self.next += (early.len() / self.n_outputs) as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_of_arrival_is_put_right() {
        let batches = [(0_u64, vec![0.0, 1.0]), (2, vec![2.0]), (3, vec![3.0, 4.0, 5.0])];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut arrivals = Arrivals::new(1);
            assert_eq!(arrivals.ask(6), 0);
            let mut seen = Vec::new();
            for batch in order {
                let (first, worths) = &batches[batch];
                arrivals.tell(*first, worths, |part| seen.extend_from_slice(part)).unwrap();
            }
            assert_eq!(seen, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
            assert_eq!(arrivals.told(), 6);
        }
    }

    #[test]
    fn what_was_not_asked_or_came_before_is_refused() {
        let mut arrivals = Arrivals::new(2);
        arrivals.ask(4);
        arrivals.tell(2, &[0.0; 4], |_| ()).unwrap();
        for (first, count) in [(2, 1), (1, 2), (3, 1), (3, 2), (4, 1), (0, 5)] {
            let refused = arrivals.tell(first, &vec![0.0; 2 * count], |_| ());
            assert_eq!(refused, Err(Error::NotAsked { first, last: first + count as u64 - 1 }));
        }
        let nan = arrivals.tell(0, &[0.0, 0.0, f64::NAN, 0.0], |_| ());
        assert!(matches!(nan, Err(Error::WorthNotFinite { evaluation: 1, output: 0, .. })));
        arrivals.tell(0, &[0.0; 4], |_| ()).unwrap();
        assert_eq!(arrivals.told(), 4);
    }
}
