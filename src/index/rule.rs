//! Gauss-Legendre points: the mean over a probability, of which indices and trees are made.

/// Points and weights of a quadrature on `[0, 1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Ascending.
    pub points: Vec<f64>,
    /// Their sum is 1.
    pub weights: Vec<f64>,
}

impl Rule {
    /// The Gauss-Legendre rule of `n` points, exact for polynomials of degree `2n - 1`.
    ///
    /// Newton's method from a polynomial start. Only `+ - * /`, so every machine finds the same bits.
    pub fn gauss_legendre(n: usize) -> Self {
        let (mut points, mut weights) = (vec![0.0; n], vec![0.0; n]);
        for number in 0..n.div_ceil(2) {
            let mut x = cosine((number as f64 + 0.75) / (n as f64 + 0.5));
            for _ in 0..6 {
                let (value, slope) = legendre(n, x);
                x -= value / slope;
            }
            if 2 * number + 1 == n {
                x = 0.0;
            }
            let (_, slope) = legendre(n, x);
            let weight = 1.0 / ((1.0 - x) * (1.0 + x) * slope * slope);
            (points[number], points[n - 1 - number]) = (0.5 * (1.0 - x), 0.5 * (1.0 + x));
            (weights[number], weights[n - 1 - number]) = (weight, weight);
        }
        Self { points, weights }
    }
}

/// The Legendre polynomial of degree `n` and its derivative, for `|x| < 1`.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (before - x * value) / ((1.0 - x) * (1.0 + x)))
}

/// cos(pi u) for `0 <= u <= 1/2`, by its series to u^16: good to 1e-9, a start for Newton's method.
fn cosine(u: f64) -> f64 {
    let square = (std::f64::consts::PI * u) * (std::f64::consts::PI * u);
    (1..=8).rev().fold(1.0, |sum, k| {
        let k = f64::from(k);
        1.0 - square / (2.0 * k * (2.0 * k - 1.0)) * sum
    })
}
