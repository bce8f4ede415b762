//! Means and their standard errors, one term at a time.

/// Weighted running mean and sum of squares (West 1979), one for each player and output.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    /// Terms so far.
    pub(super) count: u64,
    /// Their weights' sum.
    pub(super) weight: f64,
    /// Their weighted means.
    pub(super) mean: Vec<f64>,
    /// Their weighted sums of squared distances from the means.
    pub(super) squares: Vec<f64>,
}

impl Moments {
    /// No terms yet, of `length` numbers each.
    pub(super) fn new(length: usize) -> Self {
        Self { count: 0, weight: 0.0, mean: vec![0.0; length], squares: vec![0.0; length] }
    }

    /// Take in a term.
    pub(super) fn add(&mut self, values: &[f64], weight: f64) {
        self.count += 1;
        self.weight += weight;
        let share = weight / self.weight;
        for ((mean, squares), value) in self.mean.iter_mut().zip(&mut self.squares).zip(values) {
            let step = value - *mean;
            *mean += share * step;
            *squares += weight * step * (value - *mean);
        }
    }

    /// Standard errors of the means; NaN below two terms.
    pub(super) fn std_errors(&self) -> Vec<f64> {
        let scale = self.weight * (self.count as f64 - 1.0);
        let known = self.count > 1;
        self.squares.iter().map(|&s| if known { (s.max(0.0) / scale).sqrt() } else { f64::NAN }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_give_the_textbook_s_mean_and_error() {
        let terms = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0];
        let mut moments = Moments::new(1);
        for term in terms {
            moments.add(&[term], 2.0);
        }
        let n = terms.len() as f64;
        let mean = terms.iter().sum::<f64>() / n;
        let variance = terms.iter().map(|term| (term - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // A dozen operations on numbers below 100.
        assert!((moments.mean[0] - mean).abs() < 1e-14);
        assert!((moments.std_errors()[0] - (variance / n).sqrt()).abs() < 1e-14);
        assert!(Moments::new(1).std_errors()[0].is_nan());
    }
}
