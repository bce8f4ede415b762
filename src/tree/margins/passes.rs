//! A sum over background rows of a smooth function of their margins, as few passes with signed weights.

use super::Function;

/// Half of a panel, in units of the margin times the function's scale; the next panel begins at the next margin.
const HALF_WIDTH: f64 = 4.0;

/// One set of weights of the background: `phi_i(x) = sum over passes of s(f(x), at) * phi_i of the pass (x)`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pass {
    /// The margin that stands for the background rows of the pass; none: see [`Factor`].
    pub(super) factor: Factor,
    /// A weight for each background row, of any sign.
    pub(super) weights: Vec<f64>,
}

/// What a pass's values are multiplied with, for a row of margin `f` and label `y`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Factor {
    /// `s(f, this)`
    Quotient(f64),
    /// `f - 2 y`: squared loss, the part that does not depend on the background row.
    Row,
    /// `1`: squared loss, the part that its weights hold.
    One,
}

/// The passes of a function for background rows with these margins and weights.
///
/// Squared loss: `s(a, b) = (a - 2y) + b`, two passes, exact. All else: `s(a, .)` is interpolated, because it is analytic: on each
/// panel of margins at Chebyshev points `at_q`, whose cardinal functions `l_q` make the weights `omega_z l_q(f(z))`. A panel of no
/// more distinct margins than points needs no interpolation: one pass for each margin.
pub(super) fn passes(function: Function, margins: &[f64], weights: &[f64]) -> Vec<Pass> {
    if function == Function::SquaredLoss {
        let tilted = margins.iter().zip(weights).map(|(margin, weight)| margin * weight).collect();
        return vec![
            Pass { factor: Factor::Row, weights: weights.to_vec() },
            Pass { factor: Factor::One, weights: tilted },
        ];
    }
    let heavy = margins.iter().zip(weights).filter(|&(_, &weight)| weight != 0.0);
    let mut distinct: Vec<f64> = heavy.map(|(&margin, _)| margin).collect();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    let mut passes = Vec::new();
    let mut rest = &distinct[..];
    while let Some(lowest) = rest.first() {
        let top = lowest + 2.0 * HALF_WIDTH / function.scale();
        let (mine, others) = rest.split_at(rest.partition_point(|&margin| margin <= top).max(1));
        rest = others;
        passes.extend(panel_passes(function, mine, margins, weights));
    }
    passes
}

fn panel_passes(function: Function, mine: &[f64], margins: &[f64], weights: &[f64]) -> Vec<Pass> {
    let (Some(&lowest), Some(&highest)) = (mine.first(), mine.last()) else { return Vec::new() };
    let half = (highest - lowest) / 2.0;
    let n_points = n_points(function, half * function.scale());
    let weighed = |weight_of: &dyn Fn(f64) -> f64| -> Vec<f64> {
        let weight = |(&margin, &weight): (&f64, &f64)| {
            if weight != 0.0 && (lowest..=highest).contains(&margin) {
                weight * weight_of(margin)
            } else {
                0.0
            }
        };
        margins.iter().zip(weights).map(weight).collect()
    };
    if mine.len() <= n_points {
        let one = |&at: &f64| Pass {
            factor: Factor::Quotient(at),
            weights: weighed(&|margin| f64::from(u8::from(margin.total_cmp(&at).is_eq()))),
        };
        return mine.iter().map(one).collect();
    }
    let points = Chebyshev::new(f64::midpoint(lowest, highest), half, n_points);
    // the sum of the barycentric formula's lower half, for each background row once
    let totals: Vec<f64> = margins.iter().map(|&margin| points.total(margin)).collect();
    let pass = |q: usize| {
        let weight = |((&margin, &weight), &total): ((&f64, &f64), &f64)| {
            if weight != 0.0 && (lowest..=highest).contains(&margin) {
                weight * points.cardinal(q, margin, total)
            } else {
                0.0
            }
        };
        let weights = margins.iter().zip(weights).zip(&totals).map(weight).collect();
        Pass { factor: Factor::Quotient(points.at[q]), weights }
    };
    (0..n_points).map(pass).collect()
}

/// Points that a panel of this half-width needs, so that `|s - interpolated| * |a - b|` stays below about 1e-13.
///
/// The nearest singularities of the sigmoid's and the softplus's quotient lie at distance pi from the real axis, so the
/// error falls as `rho^-n` with `rho = pi/h + sqrt((pi/h)^2 + 1)`; `n = log(1e13) / log(rho)` leaves 1e-13 (computed, `a` in -40..40).
/// The quotient of exp is entire: its error on a panel is about `2 (h/2)^n / n!` of its own size.
fn n_points(function: Function, half: f64) -> usize {
    const MOST: f64 = 1e13;
    if function == Function::Exp {
        let mut error = 2.0 * half.exp();
        return (1..64)
            .find(|&n| {
                error *= half / 2.0 / n as f64;
                error <= 1.0 / MOST
            })
            .unwrap_or(64);
    }
    let pole = std::f64::consts::PI / half.max(1e-3);
    let rho = pole + pole.hypot(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "below 43 for half-widths up to 4"
    )]
    let n = (MOST.ln() / rho.ln()).ceil() as usize;
    n
}

/// Chebyshev points of the first kind on an interval, and their cardinal functions.
struct Chebyshev {
    at: Vec<f64>,
    weights: Vec<f64>, // barycentric: (-1)^q sin(pi (q + 1/2) / n)
}

impl Chebyshev {
    fn new(middle: f64, half: f64, n_points: usize) -> Self {
        let angle = |q: usize| std::f64::consts::PI * (q as f64 + 0.5) / n_points as f64;
        let sign = |q: usize| if q.is_multiple_of(2) { 1.0 } else { -1.0 };
        Self {
            at: (0..n_points).map(|q| half.mul_add(angle(q).cos(), middle)).collect(),
            weights: (0..n_points).map(|q| sign(q) * angle(q).sin()).collect(),
        }
    }

    /// The sum of `weight / (b - at)`; 0 where `b` is one of the points.
    fn total(&self, b: f64) -> f64 {
        if self.at.iter().any(|at| at.total_cmp(&b).is_eq()) {
            return 0.0;
        }
        self.at.iter().zip(&self.weights).map(|(at, weight)| weight / (b - at)).sum()
    }

    /// The cardinal function of point `q` at `b`, whose [`Chebyshev::total`] is known.
    fn cardinal(&self, q: usize, b: f64, total: f64) -> f64 {
        if total == 0.0 {
            return f64::from(u8::from(self.at[q].total_cmp(&b).is_eq()));
        }
        self.weights[q] / (b - self.at[q]) / total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the passes say of `sum over z of omega_z s(a, f(z)) (a - f(z))`, which is `g(a) - sum of omega_z g(f(z))`.
    fn interpolated(function: Function, passes: &[Pass], margins: &[f64], a: f64, label: f64) -> f64 {
        let of_pass = |pass: &Pass| {
            let gap: f64 =
                pass.weights.iter().zip(margins).map(|(weight, margin)| weight * (a - margin)).sum();
            gap * match pass.factor {
                Factor::Quotient(at) => function.quotient(a, at, label),
                Factor::Row => a - 2.0 * label,
                Factor::One => 1.0,
            }
        };
        passes.iter().map(of_pass).sum()
    }

    #[test]
    fn interpolation_errs_less_than_1e_12() {
        for function in [
            Function::Sigmoid { scale: 1.0 },
            Function::Sigmoid { scale: 3.0 },
            Function::LogLoss { scale: 1.0 },
            Function::Exp,
            Function::SquaredLoss,
        ] {
            for (middle, half, n) in [
                (0.0, 0.2, 900),
                (0.5, 1.0, 1000),
                (-3.0, 3.9, 400),
                (0.0, 4.1, 300),
                (1.0, 11.0, 2000),
                (0.0, 2.0, 5),
                (7.0, 0.0, 50),
            ] {
                let margins: Vec<f64> =
                    (0..n).map(|i| middle + half * (f64::from(i) * 0.7548).sin()).collect();
                let weights = vec![1.0 / f64::from(n); margins.len()];
                let passes = passes(function, &margins, &weights);
                for a in [-40.0, -9.0, -2.5, -0.1, 0.0, 0.3, 1.0, 4.0, 8.0, 37.0, margins[1]] {
                    for label in [0.0, 1.0] {
                        let base: f64 = margins.iter().map(|&margin| function.at(margin, label)).sum::<f64>()
                            / f64::from(n);
                        let whole = base + interpolated(function, &passes, &margins, a, label);
                        let want = function.at(a, label);
                        let scale = 1.0 + base.abs() + want.abs();
                        let at = format!("{function:?}, {n} margins {middle} +- {half}, row at {a}");
                        assert!((whole - want).abs() <= 1e-12 * scale, "{at}: {whole} for {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn few_margins_have_a_pass_each_and_many_have_few_passes() {
        let sigmoid = Function::Sigmoid { scale: 1.0 };
        let few = passes(sigmoid, &[0.5, 0.5, -1.0, 2.0, 9.0], &[0.1, 0.2, 0.3, 0.4, 0.0]);
        assert_eq!(few.len(), 3, "one margin twice, one of weight 0");
        assert_eq!(few[1].weights, [0.1, 0.2, 0.0, 0.0, 0.0]);
        let margins: Vec<f64> = (0..5000).map(|i| f64::from(i) / 625.0 - 4.0).collect();
        assert_eq!(passes(sigmoid, &margins, &vec![2e-4; 5000]).len(), 42);
        assert_eq!(passes(Function::SquaredLoss, &margins, &vec![2e-4; 5000]).len(), 2);
    }
}
