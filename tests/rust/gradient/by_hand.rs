//! Values and replicates of one row and output, point by point, without a shortcut: the oracle of `finish`.

use ferroshap::gradient::PathPoint;

use super::Case;

/// `(values, replicates)` of row `row`, whose gradient at a point is `gradient(point)`.
pub(super) fn by_hand(
    case: &Case,
    row: usize,
    gradient: impl Fn(&[f64]) -> Vec<f64>,
    target: f64,
) -> (Vec<f64>, Vec<f64>) {
    let (plan, width) = (&case.plan, case.width);
    let n_replicates = usize::from(plan.n_replicates());
    let stage = plan.n_stages() - 1;
    let mut points = Vec::new();
    for part in 0..=stage {
        let walk = plan.walk(part, plan.shift(case.keys[row]));
        let ratio = plan.n_points(part) as f64 / plan.n_points(stage) as f64;
        points.extend(walk.points(0, walk.n_points()).map(|point| (point, point.weight * ratio)));
    }
    let x = &case.x[row * width..][..width];
    let row_of = |b: u32| &case.background[b as usize * width..][..width];
    let at =
        |b: u32, alpha: f64| x.iter().zip(row_of(b)).map(|(x, b)| b + alpha * (x - b)).collect::<Vec<_>>();
    let gradients: Vec<Vec<f64>> =
        points.iter().map(|(point, _)| gradient(&at(point.background, point.alpha))).collect();
    let told = Told { case, points, gradients, x };
    let (mut values, mut variances) = (vec![0.0; width], vec![0.0; width]);
    let mut replicates = vec![0.0; n_replicates * width];
    for i in 0..width {
        let (value, variance, own) = told.feature(i, n_replicates);
        (values[i], variances[i]) = (value, variance);
        replicates.chunks_exact_mut(width).zip(own).for_each(|(map, own)| map[i] = own);
    }
    if variances.iter().all(|&variance| variance < 1e-13) {
        variances = values.iter().map(|value| value * value).collect();
    }
    let total: f64 = variances.iter().sum();
    for map in std::iter::once(&mut values[..]).chain(replicates.chunks_exact_mut(width)) {
        let gap = target - map.iter().sum::<f64>();
        map.iter_mut().zip(&variances).for_each(|(value, variance)| *value += gap * variance / total);
    }
    // Four controls and the mean are fitted on the points.
    let n_points = told.points.len() as f64;
    let wider = if n_points > 5.0 { (n_points / (n_points - 5.0)).sqrt() } else { 1.0 };
    for map in replicates.chunks_exact_mut(width) {
        map.iter_mut().zip(&values).for_each(|(own, value)| *own = value + wider * (*own - value));
    }
    (values, replicates)
}

/// What was told about a row and output, and what is known of it.
struct Told<'a> {
    case: &'a Case,
    points: Vec<(PathPoint, f64)>,
    gradients: Vec<Vec<f64>>,
    x: &'a [f64],
}

impl Told<'_> {
    /// A feature's value, the variance that the controls leave, and its values by replicate, before the gap is shared.
    fn feature(&self, i: usize, n_replicates: usize) -> (f64, f64, Vec<f64>) {
        let case = self.case;
        let d = |b: u32| self.x[i] - case.background[b as usize * case.width + i];
        let mut system = [[0.0; 5]; 4];
        for ((point, w), g) in self.points.iter().zip(&self.gradients) {
            let (d, c) = (d(point.background), point.controls);
            for k in 0..4 {
                (0..4).for_each(|l| system[k][l] += w * d * d * c[k] * c[l]);
                system[k][4] += w * g[i] * d * d * c[k];
            }
        }
        let scale = system[0][0];
        let ridge = if case.plan.is_stratified() { 32.0 } else { 8.0 } / self.points.len() as f64;
        (1..4).for_each(|k| system[k][k] += ridge * scale);
        let gamma = if scale > 0.0 { solve(system) } else { [0.0; 4] };
        // The expectations of d c, from the background itself: alpha has mean 1/2.
        let expect = |(b, (w, [p1, p2])): (u32, (&f64, &[f64; 2]))| {
            w * d(b) * (gamma[0] + 0.5 * gamma[2] * p1 + 0.5 * gamma[3] * p2)
        };
        let expected: f64 = (0..).zip(case.weights.iter().zip(&case.scores)).map(expect).sum();
        // What the controls leave of h, at each point.
        let left: Vec<(u8, f64, f64)> = self
            .points
            .iter()
            .zip(&self.gradients)
            .map(|((point, w), g)| {
                let fitted: f64 = gamma.iter().zip(point.controls).map(|(gamma, c)| gamma * c).sum();
                (point.replicate, *w, d(point.background) * (g[i] - fitted))
            })
            .collect();
        let mean = left.iter().map(|(_, w, h)| w * h).sum::<f64>();
        let variance = (left.iter().map(|(_, w, h)| w * h * h).sum::<f64>() - mean * mean).max(0.0);
        let of_replicate = |replicate: usize| {
            let own = left.iter().filter(|(of, _, _)| usize::from(*of) == replicate);
            let (share, sum) = own.fold((0.0, 0.0), |(share, sum), (_, w, h)| (share + w, sum + w * h));
            sum / share + expected
        };
        (mean + expected, variance, (0..n_replicates).map(of_replicate).collect())
    }
}

/// Gauss-Jordan elimination with pivots.
fn solve(mut system: [[f64; 5]; 4]) -> [f64; 4] {
    for k in 0..4 {
        let pivot = (k..4).max_by(|&a, &b| system[a][k].abs().total_cmp(&system[b][k].abs())).unwrap_or(k);
        system.swap(k, pivot);
        let lead = system[k];
        for (l, row) in system.iter_mut().enumerate() {
            let factor = row[k] / lead[k];
            if l != k {
                row.iter_mut().zip(lead).for_each(|(cell, lead)| *cell -= factor * lead);
            }
        }
    }
    std::array::from_fn(|k| system[k][4] / system[k][k])
}
