//! Gauss-Legendre points, and how many of them a path of so many players needs.
//!
//! The integrand of a leaf is a product of d - 1 factors linear in t, so ceil(d / 2) points are exact. Every factor is
//! a mix, with weights of sum at most 1, of t, 1 - t and 1: the worst case over all trees and rows is therefore
//! `max over a + b < d of |Q[t^a (1-t)^b] - B(a+1, b+1)|`, which long paths keep small with fewer points.

use super::forest::Precision;
pub use crate::index::Rule;

/// `(n, d)`: the longest path that n points serve with a worst case below 6e-8.
const SERVES_F32: [(usize, usize); 22] = [
    (7, 16),
    (8, 20),
    (9, 24),
    (10, 30),
    (11, 36),
    (12, 42),
    (13, 49),
    (14, 57),
    (15, 66),
    (16, 75),
    (18, 95),
    (20, 118),
    (24, 172),
    (28, 238),
    (32, 316),
    (40, 509),
    (48, 753),
    (56, 1051),
    (64, 1404),
    (80, 2284),
    (96, 3408),
    (112, 4788),
];

/// `(n, d)`: the longest path that n points serve with a worst case below 1e-13.
const SERVES_F64: [(usize, usize); 24] = [
    (7, 14),
    (8, 16),
    (9, 18),
    (10, 20),
    (11, 23),
    (12, 26),
    (13, 29),
    (14, 33),
    (15, 37),
    (16, 42),
    (18, 51),
    (20, 63),
    (24, 89),
    (28, 120),
    (32, 156),
    (40, 244),
    (48, 352),
    (56, 483),
    (64, 635),
    (80, 1004),
    (96, 1463),
    (112, 2013),
    (128, 2655),
    (160, 4219),
];

/// How many points serve paths of up to `d` distinct players in this precision.
pub fn points_for(d: usize, precision: Precision) -> usize {
    let exact = d.div_ceil(2).max(1);
    let serves = match precision {
        Precision::F32 => &SERVES_F32[..],
        Precision::F64 => &SERVES_F64[..],
    };
    serves.iter().find(|&&(_, longest)| d <= longest).map_or(exact, |&(n, _)| n.min(exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `max over a + b < d of |Q[t^a (1-t)^b] - B(a+1, b+1)|` for each d up to `longest`: by symmetry `a >= b`.
    fn worst_cases(rule: &Rule, longest: usize) -> Vec<f64> {
        let n = rule.points.len();
        let mut worst = vec![0.0_f64; longest + 1]; // by degree a + b
        let mut both: Vec<f64> = rule.weights.clone(); // w (t (1-t))^b
        let mut beta_both = 1.0; // B(b+1, b+1)
        for b in 0..=longest / 2 {
            let (mut terms, mut beta) = (both.clone(), beta_both);
            for degree in 2 * b..longest {
                let error = (terms.iter().sum::<f64>() - beta).abs();
                worst[degree + 1] = worst[degree + 1].max(error);
                let a = (degree - b) as f64;
                beta *= (a + 1.0) / (a + b as f64 + 2.0);
                (0..n).for_each(|k| terms[k] *= rule.points[k]);
            }
            (0..n).for_each(|k| both[k] *= rule.points[k] * rule.points[n - 1 - k]);
            if beta_both < 1e-18 {
                break; // Q and B alike are below all that counts
            }
            let c = b as f64 + 1.0;
            beta_both *= c * c / ((2.0 * c) * (2.0 * c + 1.0));
        }
        for d in 1..=longest {
            worst[d] = worst[d].max(worst[d - 1]);
        }
        worst
    }

    fn longest(n: usize, error: f64, at_most: usize) -> usize {
        let worst = worst_cases(&Rule::gauss_legendre(n), at_most);
        (1..=at_most).take_while(|&d| worst[d] <= error).last().unwrap_or(0)
    }

    #[test]
    fn weights_sum_to_one_and_points_ascend() {
        for n in [1, 2, 3, 8, 31, 128, 200] {
            let rule = Rule::gauss_legendre(n);
            assert!(rule.points.is_sorted());
            assert!(
                (rule.weights.iter().sum::<f64>() - 1.0).abs() < n as f64 * f64::EPSILON * 8.0,
                "n = {n}"
            );
        }
    }

    #[test]
    fn n_points_are_exact_to_degree_2n_less_1() {
        for n in 1..=16 {
            let worst = worst_cases(&Rule::gauss_legendre(n), 2 * n);
            assert!(worst[2 * n] < 4e-16 * (n + 3) as f64, "n = {n}: {}", worst[2 * n]);
        }
    }

    #[test]
    fn the_tables_hold_the_worst_cases_computed() {
        for (serves, error) in [(&SERVES_F32[..], 6e-8), (&SERVES_F64[..], 1e-13)] {
            for &(n, d) in serves {
                let computed = longest(n, error, d + 3);
                // Where n points are exact, rounding alone is left: far below the error, so d may be longer.
                assert!(computed == d || (d <= 2 * n && computed > d), "n = {n}: {computed} instead of {d}");
            }
        }
    }

    #[test]
    fn short_paths_get_the_exact_rule() {
        for precision in [Precision::F32, Precision::F64] {
            assert!((1..=14).all(|d| points_for(d, precision) == d.div_ceil(2)));
            assert_eq!(points_for(0, precision), 1);
            assert!((1..9000).all(|d| points_for(d, precision) <= points_for(d + 1, precision)));
        }
    }
}
