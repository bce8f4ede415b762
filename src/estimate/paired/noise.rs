//! What is not known of a pair that was looked at on a part of the background alone.

use super::Paired;

impl Paired {
    /// Squared standard errors of the values that stem from the choice of blocks, `(players, outputs)`, for methods
    /// whose own errors vanish as all pairs become known; None where the background is in one piece.
    ///
    /// `left_out` holds what each half-difference misses of its prediction from the others, `(pairs, outputs)`; its mean
    /// square in a class bounds the noise of a look. With `c_k` of `N_k` pairs drawn, of which those in `A_k` were not
    /// looked at on all blocks, and the read-out of all pairs, `w_i(S) = 1/k` for members of `S`, else `-1/(n-k)`,
    ///
    /// $$ \sum_k \frac{c_k}{N_k} \Big(\frac{g_k}{c_k}\Big)^2 \overline{r^2}_k \sum_{a \in A_k} w_i(S_a)^2 $$
    ///
    /// the second stage of sampling in two stages: Cochran (1977), "Sampling Techniques", section 10.3. The first
    /// stage, which pairs were drawn, is the method's own. `p n` operations and `p` an output.
    pub fn block_variances(&self, left_out: &[f64]) -> Option<Vec<f64>> {
        let seen = self.seen()?;
        let (n, n_pairs) = (self.problem.n_players, self.n_told());
        let n_outputs = left_out.len() / n_pairs.max(1);
        let n_classes = n / 2 + 1;
        // A member's and a stranger's squared weights, summed over the pairs of each class: `(classes, players)`.
        let mut weights = vec![0.0; n_classes * n];
        let mut squares = vec![0.0; n_classes * n_outputs];
        let mut counts = vec![0_u64; n_classes];
        for (pair, &class) in self.classes().iter().enumerate() {
            let class = class as usize;
            counts[class] += 1;
            let of_pair = left_out[pair * n_outputs..].iter().map(|residual| residual * residual);
            squares[class * n_outputs..][..n_outputs]
                .iter_mut()
                .zip(of_pair)
                .for_each(|(sum, own)| *sum += own);
            if seen[pair] < 1.0 {
                let (member, stranger) = ((class as f64).powi(-2), ((n - class) as f64).powi(-2));
                let words = self.coalitions.get(pair);
                for (player, sum) in weights[class * n..][..n].iter_mut().enumerate() {
                    *sum += if crate::coalition::contains(words, player) { member } else { stranger };
                }
            }
        }
        let mut variances = vec![0.0; n * n_outputs];
        for class in (1..n_classes).filter(|&class| counts[class] > 0) {
            let count = counts[class] as f64;
            let drawn = self.sequence.pool(class).map_or(0.0, |pool| count / pool as f64);
            let scale = drawn * (self.sequence.multiplicity(class) as f64 / count).powi(2) / count;
            let squares = &squares[class * n_outputs..][..n_outputs];
            for (row, weight) in variances.chunks_exact_mut(n_outputs).zip(&weights[class * n..]) {
                row.iter_mut().zip(squares).for_each(|(sum, square)| *sum += scale * weight * square);
            }
        }
        Some(variances)
    }
}
