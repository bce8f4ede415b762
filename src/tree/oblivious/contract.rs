//! From worths of all coalitions to values and pair interactions, for all patterns at once.
//!
//! The multilinear extension takes each player in with probability t; a value is the integral over t of its derivative
//! in that player, a pair's interaction that of the second derivative: polynomials of degree d - 1 and d - 2 for d players, which
//! Gauss's rule with ceil(d / 2) points integrates exactly. At a point, an axis of the tensor is contracted to
//! `t in + (1 - t) out`, or, for the player asked about, to `in - out`.

use super::worth::Shape;

/// Points on (-1, 1) and weights of sum 2, by the number of points less one; each with its mirror image.
const GAUSS: [&[(f64, f64)]; 5] = [
    &[(0.0, 2.0)],
    &[(0.577_350_269_189_625_8, 1.0)],
    &[(0.0, 0.888_888_888_888_888_8), (0.774_596_669_241_483_4, 0.555_555_555_555_555_6)],
    &[
        (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
        (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    ],
    &[
        (0.0, 0.568_888_888_888_888_9),
        (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
        (0.906_179_845_938_664, 0.236_926_885_056_189_08),
    ],
];

/// Points on (0, 1) with weights of sum 1 that are exact for `d` players.
fn points(d: usize) -> impl Iterator<Item = (f64, f64)> {
    GAUSS[d.div_ceil(2) - 1].iter().flat_map(|&(x, weight)| {
        let mirrored = (x > 0.0).then_some((0.5 - x / 2.0, weight / 2.0));
        mirrored.into_iter().chain([(0.5 + x / 2.0, weight / 2.0)])
    })
}

/// The table over leaf numbers of each player.
pub(super) fn values(worth: &[f64], shape: &Shape) -> Vec<Vec<f64>> {
    let d = shape.players().len();
    let mut tables = vec![vec![0.0; shape.major().len()]; d];
    contract_all(worth, shape, 1, |chosen, weight, numbers| add(&mut tables[chosen[0]], weight, numbers));
    tables.iter().map(|table| by_leaf(table, shape)).collect()
}

/// The table over leaf numbers of each pair of players, undivided.
pub(super) fn pairs(worth: &[f64], shape: &Shape) -> Vec<((usize, usize), Vec<f64>)> {
    let d = shape.players().len();
    let mut tables = vec![Vec::new(); d * d];
    contract_all(worth, shape, 2, |chosen, weight, numbers| {
        let table = &mut tables[chosen[1] * d + chosen[0]]; // the later player is chosen first
        table.resize(numbers.len(), 0.0);
        add(table, weight, numbers);
    });
    let all = (0..d).flat_map(|i| (i + 1..d).map(move |j| (i, j)));
    all.map(|(i, j)| ((i, j), by_leaf(&tables[i * d + j], shape))).collect()
}

fn add(table: &mut [f64], weight: f64, numbers: &[f64]) {
    table.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += weight * number);
}

fn by_leaf(table: &[f64], shape: &Shape) -> Vec<f64> {
    shape.major().iter().map(|&place| table[place]).collect()
}

/// Contract the tensor for each choice of `order` players, at each point.
fn contract_all(worth: &[f64], shape: &Shape, order: usize, mut take: impl FnMut(&[usize], f64, &[f64])) {
    let d = shape.players().len();
    if d < order {
        return;
    }
    for (t, weight) in points(d) {
        let mut visit = |chosen: &[usize], numbers: &[f64]| take(chosen, weight, numbers);
        contract(worth, shape.n_patterns(), 1, t, order, &mut Vec::new(), &mut visit);
    }
}

/// Contract the last axis that is left, `[axes left][axes done]`, and go on; `wanted` of the axes left are still to be chosen.
fn contract(
    tensor: &[f64],
    left: &[usize],
    done: usize,
    t: f64,
    wanted: usize,
    chosen: &mut Vec<usize>,
    visit: &mut impl FnMut(&[usize], &[f64]),
) {
    let Some((&patterns, rest)) = left.split_last() else { return visit(chosen, tensor) };
    if wanted > 0 {
        chosen.push(rest.len());
        let difference = contracted(tensor, patterns, done, 1.0, -1.0);
        contract(&difference, rest, done * patterns, t, wanted - 1, chosen, visit);
        chosen.pop();
    }
    if rest.len() >= wanted {
        let blend = contracted(tensor, patterns, done, t, 1.0 - t);
        contract(&blend, rest, done * patterns, t, wanted, chosen, visit);
    }
}

/// `inside * in + outside * out` over an axis, `[before][axis][after]`.
fn contracted(tensor: &[f64], patterns: usize, after: usize, inside: f64, outside: f64) -> Vec<f64> {
    let mut result = Vec::with_capacity(tensor.len() / (patterns + 1) * patterns);
    for axis in tensor.chunks_exact((patterns + 1) * after) {
        let (within, out) = axis.split_at(patterns * after);
        for within in within.chunks_exact(after) {
            result.extend(within.iter().zip(out).map(|(within, out)| inside * within + outside * out));
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact_to_the_degree_that_is_needed() {
        for d in 1..=10 {
            for degree in 0..d {
                let power = i32::try_from(degree).unwrap();
                let integral: f64 = points(d).map(|(t, weight)| weight * t.powi(power)).sum();
                let exact = 1.0 / f64::from(power + 1);
                assert!(
                    (integral - exact).abs() < 4e-16,
                    "t^{degree} by the points of {d} players: {integral}"
                );
            }
        }
    }
}
