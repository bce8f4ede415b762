//! Product games: values and interactions as integrals over `t` from 0 to 1 of polynomials in `u_j = h_j t + c_j (1 - t)`.

/// Gauss-Legendre on `[0, 1]`, exact for polynomials of degree `2 n - 1`.
#[derive(Debug)]
pub(super) struct Rule {
    points: Vec<f64>,
    weights: Vec<f64>,
}

impl Rule {
    /// `n` points, by Newton's method from Tricomi's start.
    pub(super) fn new(n: usize) -> Self {
        let mut rule = Self { points: Vec::new(), weights: Vec::new() };
        let order = n as f64;
        for k in 0..n {
            let mut x = (std::f64::consts::PI * (k as f64 + 0.75) / (order + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (value, derivative) = legendre(n, x);
                slope = derivative;
                let step = value / derivative;
                x -= step;
                if step.abs() <= f64::EPSILON {
                    break;
                }
            }
            rule.points.push(f64::midpoint(1.0, x));
            rule.weights.push(1.0 / ((1.0 - x * x) * slope * slope));
        }
        rule
    }

    /// Values of the game `prod (h_j if j is in, else c_j)`: `(h_i - c_i)` times the integral of the others' product.
    pub(super) fn values(&self, holds: &[bool], covers: &[f64]) -> Vec<f64> {
        let d = holds.len();
        let mut values = vec![0.0; d];
        for (t, weight) in self.points.iter().zip(&self.weights) {
            let factors = factors(*t, holds, covers);
            let after = products_after(&factors);
            let mut before = 1.0;
            for i in 0..d {
                values[i] += weight * (before * after[i]) * (present(holds[i]) - covers[i]);
                before *= factors[i];
            }
        }
        values
    }

    /// Interactions `(h_i - c_i) (h_j - c_j)` times the integral of the others' product, for all `i < j`.
    pub(super) fn pairs(&self, holds: &[bool], covers: &[f64], mut add: impl FnMut(usize, usize, f64)) {
        let d = holds.len();
        for (t, weight) in self.points.iter().zip(&self.weights) {
            let factors = factors(*t, holds, covers);
            let after = products_after(&factors);
            let mut before = 1.0;
            for i in 0..d {
                let mut between = 1.0;
                for j in i + 1..d {
                    let others = before * between * after[j];
                    add(
                        i,
                        j,
                        weight * others * (present(holds[i]) - covers[i]) * (present(holds[j]) - covers[j]),
                    );
                    between *= factors[j];
                }
                before *= factors[i];
            }
        }
    }
}

fn present(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn factors(t: f64, holds: &[bool], covers: &[f64]) -> Vec<f64> {
    holds.iter().zip(covers).map(|(&holds, cover)| present(holds) * t + cover * (1.0 - t)).collect()
}

/// For each factor the product of those after it.
fn products_after(factors: &[f64]) -> Vec<f64> {
    let mut after = vec![1.0; factors.len()];
    for i in (1..factors.len()).rev() {
        after[i - 1] = after[i] * factors[i];
    }
    after
}

/// The Legendre polynomial of degree `n >= 1` and its derivative at `x`, by recurrence.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut previous, mut value) = (1.0, x);
    for degree in 2..=n {
        let k = degree as f64;
        (previous, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * previous) / k);
    }
    (value, n as f64 * (x * value - previous) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_integrate_powers_up_to_degree_2n_minus_1() {
        for n in [1_u8, 2, 3, 5, 8, 30, 100] {
            let rule = Rule::new(usize::from(n));
            for power in 0..2 * i32::from(n) {
                let terms = rule.points.iter().zip(&rule.weights).map(|(t, w)| w * t.powi(power));
                let (got, want) = (terms.sum::<f64>(), 1.0 / (f64::from(power) + 1.0));
                assert!((got - want).abs() <= 1e-14, "{n} points, power {power}: {got}, not {want}");
            }
        }
    }
}
