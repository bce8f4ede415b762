//! The functions of the margin that can be explained, and their difference quotients.

/// A function `g` of the margin, perhaps of a label too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// `1 / (1 + exp(-scale * margin))`: a probability.
    Sigmoid {
        /// LightGBM's `sigmoid`; 1 elsewhere.
        scale: f64,
    },
    /// `exp(margin)`: the prediction of a model with a logarithmic link.
    Exp,
    /// `log(1 + exp(m)) - label * m` with `m = scale * margin`: the loss of a probability, label 0 or 1.
    LogLoss {
        /// As for the sigmoid.
        scale: f64,
    },
    /// `(label - margin)^2`
    SquaredLoss,
}

impl Function {
    /// Does it ask for a label of each row?
    pub fn needs_labels(self) -> bool {
        matches!(self, Self::LogLoss { .. } | Self::SquaredLoss)
    }

    /// `g(margin)`; functions without labels ignore `label`.
    pub fn at(self, margin: f64, label: f64) -> f64 {
        match self {
            Self::Sigmoid { scale } => sigmoid(scale * margin),
            Self::Exp => margin.exp(),
            Self::LogLoss { scale } => softplus(scale * margin) - label * scale * margin,
            Self::SquaredLoss => (label - margin) * (label - margin),
        }
    }

    /// `(g(a) - g(b)) / (a - b)`, and `g'(a)` where `a = b`.
    ///
    /// Every margin is right to a few roundings relative to `g'` between `a` and `b`, near or far apart, for any size of
    /// them: with `a >= b`, `d = a - b` and `ratio = (1 - exp(-d)) / d` (1 at 0),
    ///
    /// - sigmoid: `sigmoid(a) sigmoid(-b) ratio`, because `sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) - sigmoid(b) sigmoid(-a)`
    ///   and the second product is `exp(-d)` times the first;
    /// - exp: `exp(a) ratio`;
    /// - softplus: `log(1 + sigmoid(b) (exp(d) - 1)) / d`; where `d > 30`, the plain quotient.
    pub fn quotient(self, a: f64, b: f64, label: f64) -> f64 {
        let (high, low) = if a >= b { (a, b) } else { (b, a) };
        match self {
            Self::Sigmoid { scale } => scale * sigmoid_quotient(scale * high, scale * low),
            Self::Exp => high.exp() * ratio(high - low),
            Self::LogLoss { scale } => scale * (softplus_quotient(scale * high, scale * low) - label),
            Self::SquaredLoss => a + b - 2.0 * label,
        }
    }

    /// How far the margin is stretched before the function bends it.
    pub(super) fn scale(self) -> f64 {
        match self {
            Self::Sigmoid { scale } | Self::LogLoss { scale } => scale,
            Self::Exp | Self::SquaredLoss => 1.0,
        }
    }
}

/// Without overflow, and with all digits where it is small.
fn sigmoid(m: f64) -> f64 {
    let small = (-m.abs()).exp();
    if m >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

fn softplus(m: f64) -> f64 {
    m.max(0.0) + (-m.abs()).exp().ln_1p()
}

/// `(1 - exp(-d)) / d` for `d >= 0`.
fn ratio(d: f64) -> f64 {
    if d > 0.0 { -(-d).exp_m1() / d } else { 1.0 }
}

fn sigmoid_quotient(high: f64, low: f64) -> f64 {
    sigmoid(high) * sigmoid(-low) * ratio(high - low)
}

fn softplus_quotient(high: f64, low: f64) -> f64 {
    let d = high - low;
    if d > 30.0 {
        (softplus(high) - softplus(low)) / d
    } else if d > 0.0 {
        (sigmoid(low) * d.exp_m1()).ln_1p() / d
    } else {
        sigmoid(high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of `slope` between `b` and `a`: composite Gauss with 5 points on intervals of at most 1/4, whose
    /// error is below 1e-16 relative for slopes made of exp and sigmoid.
    fn mean(slope: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
        let points = [
            (0.0, 128.0 / 225.0),
            (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
            (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
            (0.906_179_845_938_664, 0.236_926_885_056_189_08),
            (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
        ];
        let n_intervals = ((a - b).abs() * 4.0).ceil().max(1.0);
        let half = (a - b) / n_intervals / 2.0;
        let interval = |k: f64| -> f64 {
            let middle = b + (2.0 * k + 1.0) * half;
            points.iter().map(|(x, w)| w / 2.0 * slope(middle + half * x)).sum()
        };
        let places = std::iter::successors(Some(0.0), |k| Some(k + 1.0)).take_while(|&k| k < n_intervals);
        places.map(interval).sum::<f64>() / n_intervals
    }

    #[test]
    fn quotients_are_the_mean_slope_near_and_far_for_margins_of_any_size() {
        let margins =
            [-700.0, -45.0, -31.0, -29.9, -8.0, -1.0, -1e-9, 0.0, 1e-4, 0.3, 2.0, 17.0, 30.1, 44.0, 650.0];
        let gaps = [0.0, 1e-300, 1e-15, 1e-8, 1e-3, 0.1, 0.49, 0.51, 3.0, 29.0, 31.0, 80.0];
        let functions = [Function::Sigmoid { scale: 1.0 }, Function::Exp, Function::LogLoss { scale: 1.0 }];
        for function in functions {
            let slope = |m: f64| match function {
                Function::Exp => m.exp(),
                Function::LogLoss { .. } => sigmoid(m),
                _ => sigmoid(m) * sigmoid(-m),
            };
            for (a, gap) in margins.iter().flat_map(|&a| gaps.iter().map(move |&gap| (a, gap))) {
                let b = a + gap;
                if function == Function::Exp && b > 700.0 {
                    continue;
                }
                let want = mean(slope, a, b);
                for got in [function.quotient(a, b, 0.0), function.quotient(b, a, 0.0)] {
                    // a rounding of the margin itself shifts exp by |margin| roundings
                    let tolerance = 1e-15 * (20.0 + a.abs() + b.abs()) * want;
                    assert!((got - want).abs() <= tolerance, "{function:?} {a} {b}: {got:e} for {want:e}");
                }
            }
        }
    }

    #[test]
    fn quotients_times_the_difference_are_the_difference() {
        let functions = [
            Function::Sigmoid { scale: 0.7 },
            Function::Exp,
            Function::LogLoss { scale: 1.3 },
            Function::SquaredLoss,
        ];
        for (a, b, label) in [(0.3, -1.2, 1.0), (2.0, 5.0, 0.0), (-4.0, -3.5, 1.0)] {
            for function in functions {
                let want = function.at(a, label) - function.at(b, label);
                let got = function.quotient(a, b, label) * (a - b);
                assert!((got - want).abs() < 1e-13 * (1.0 + want.abs()), "{function:?}: {got} for {want}");
            }
        }
    }

    #[test]
    fn ties_have_the_slope() {
        let sigmoid = Function::Sigmoid { scale: 2.0 };
        assert!((sigmoid.quotient(0.0, 0.0, 0.0) - 0.5).abs() < 1e-15);
        assert!((Function::SquaredLoss.quotient(3.0, 3.0, 1.0) - 4.0).abs() < 1e-15);
        assert!((Function::LogLoss { scale: 1.0 }.quotient(0.0, 0.0, 1.0) + 0.5).abs() < 1e-15);
        assert!((Function::Exp.quotient(1.0, 1.0, 0.0) - 1.0_f64.exp()).abs() < 1e-15);
    }
}
