//! How many path points each background row gets.

/// Points of each background row, `n_b`, at least one each and `n_points` together; None where the weights are too
/// unequal for that.
///
/// `n_b = max(1, floor(N w_b))`; the points left over go one each to the largest `N w_b - floor(N w_b)` among the rows
/// that were not lifted to 1, ties by row number. So `|n_b - N w_b| < 1` unless lifted. O(B log B).
pub(super) fn allocate(weights: &[f64], n_points: u64) -> Option<Vec<u64>> {
    let shares: Vec<f64> = weights.iter().map(|weight| weight * n_points as f64).collect();
    let mut counts: Vec<u64> = shares.iter().map(|&share| whole(share).max(1)).collect();
    let left = usize::try_from(n_points.checked_sub(counts.iter().sum())?).ok()?;
    let mut rows: Vec<usize> = (0..shares.len()).filter(|&row| shares[row] >= 1.0).collect();
    rows.sort_by(|&a, &b| shares[b].fract().total_cmp(&shares[a].fract()).then(a.cmp(&b)));
    // What is left is a sum of fractions, one a row at most: the cycle never comes round.
    for &row in rows.iter().cycle().take(left) {
        counts[row] += 1;
    }
    (counts.iter().sum::<u64>() == n_points).then_some(counts)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares are between 0 and N")]
fn whole(share: f64) -> u64 {
    share.floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn every_row_gets_its_share_rounded_or_is_lifted_to_one() {
        for case in 0..500 {
            let mut stream = Stream::new(case, Purpose::Order, 0, 0);
            let n_rows = 1 + stream.index_below(40);
            let is_equal = case % 3 == 0;
            let raw: Vec<f64> =
                (0..n_rows).map(|_| if is_equal { 1.0 } else { 0.02 + stream.uniform() }).collect();
            let total: f64 = raw.iter().sum();
            let weights: Vec<f64> = raw.iter().map(|weight| weight / total).collect();
            let n_points = n_rows as u64 + stream.below(200);
            let lifted: f64 = weights.iter().map(|w| (1.0 - w * n_points as f64).max(0.0)).sum();
            let Some(counts) = allocate(&weights, n_points) else {
                assert!(lifted > 0.0, "case {case}: nothing was in the way");
                continue;
            };
            assert_eq!(counts.iter().sum::<u64>(), n_points, "case {case}");
            for (&count, weight) in counts.iter().zip(&weights) {
                let share = weight * n_points as f64;
                assert!(
                    count >= 1 && ((count as f64 - share).abs() < 1.0 + 1e-9),
                    "case {case}: {count} for {share}"
                );
            }
        }
    }

    #[test]
    fn too_few_points_or_too_unequal_weights_have_no_allocation() {
        assert_eq!(allocate(&[0.25; 4], 3), None);
        assert_eq!(allocate(&[0.97, 0.01, 0.01, 0.01], 4), None);
        assert_eq!(allocate(&[0.97, 0.01, 0.01, 0.01], 300), Some(vec![291, 3, 3, 3]));
        assert_eq!(allocate(&[1.0], 1), Some(vec![1]));
    }
}
