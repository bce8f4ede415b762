//! Laws of the plans and the values of expected gradients.

mod background;
mod by_hand;
mod plan;
mod points;
mod values;

use ferroshap::gradient::{Block, Design, Finished, Paths, Plan, Sums, Told, finish, interpolate};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::{Purpose, Stream};

/// Numbers of a numbered case.
fn numbers(case: u64) -> Stream {
    Stream::new(case, Purpose::Order, 77, 0)
}

/// Positive weights of a sum of 1, equal for every third case.
fn weights(stream: &mut Stream, n_rows: usize, is_equal: bool) -> Vec<f64> {
    let raw: Vec<f64> = (0..n_rows).map(|_| if is_equal { 1.0 } else { 0.1 + stream.uniform() }).collect();
    let total: f64 = raw.iter().sum();
    raw.iter().map(|weight| weight / total).collect()
}

/// Ranks that are no one's order.
fn ranks(stream: &mut Stream, n_rows: usize) -> Vec<u32> {
    let mut ranks: Vec<u32> = (0..).take(n_rows).collect();
    stream.shuffle(&mut ranks);
    ranks
}

/// A plan of four replicates.
fn plan(weights: &[f64], ranks: &[u32], scores: Option<&[f64]>, n_points: u64, is_doubling: bool) -> Plan {
    let design = Design { weights, ranks, scores, n_points, n_replicates: 4, seed: 5, is_doubling };
    Plan::new(&design).expect("the design is sound")
}

/// A plan with controls, the scores that it was made of, and rows to explain.
struct Case {
    plan: Plan,
    keys: [u64; 3],
    weights: Vec<f64>,
    x: Vec<f64>,
    background: Vec<f64>,
    scores: Vec<[f64; 2]>,
    width: usize,
}

/// Rows, background and a model of several outputs: `gradient(point, output)`.
struct Model<'a> {
    x: Vec<f64>,
    background: Vec<f64>,
    n_features: usize,
    n_outputs: usize,
    gradient: &'a dyn Fn(&[f64], usize) -> Vec<f64>,
}

impl Model<'_> {
    fn paths(&self) -> Paths<'_, f64> {
        Paths { x: &self.x, background: &self.background, n_features: self.n_features }
    }

    /// The sums of all stages, told in blocks of `cut` points on so many threads.
    fn sums(&self, plan: &Plan, row_keys: &[u64], cut: u64, n_threads: usize) -> Vec<f64> {
        let cancel = Cancel::default();
        let workers = Workers::new(n_threads, &cancel);
        let n_parts = usize::from(plan.n_replicates()) + plan.n_controls() + 1;
        let mut sums = vec![0.0; row_keys.len() * self.n_outputs * n_parts * self.n_features];
        for stage in 0..plan.n_stages() {
            if stage > 0 {
                for sum in &mut sums {
                    *sum /= 2.0;
                }
            }
            let mut first = 0;
            loop {
                let block = plan.block(row_keys, stage, first, cut).expect("the stage exists");
                if block.row.is_empty() {
                    break;
                }
                first += cut;
                self.tell(plan, &block, &mut sums, &workers);
            }
        }
        sums
    }

    /// Add a block to the sums; returns its gradients.
    fn tell(&self, plan: &Plan, block: &Block, sums: &mut [f64], workers: &Workers<'_>) -> Vec<f64> {
        let mut points = vec![0.0; block.row.len() * self.n_features];
        interpolate(self.paths(), &block.row, &block.background, &block.alpha, &mut points, workers)
            .expect("lengths agree");
        let gradients: Vec<f64> = points
            .chunks_exact(self.n_features)
            .flat_map(|point| (0..self.n_outputs).flat_map(|output| (self.gradient)(point, output)))
            .collect();
        let told = Sums {
            paths: self.paths(),
            row: &block.row,
            background_index: &block.background,
            weight: &block.weight,
            replicate: &block.replicate,
            controls: &block.controls,
            gradients: &gradients,
            n_outputs: self.n_outputs,
            n_controls: plan.n_controls(),
            n_replicates: usize::from(plan.n_replicates()),
        };
        assert_eq!(told.add(sums, workers), Ok(None));
        gradients
    }

    /// The values, given the sums of all stages.
    fn finish(
        &self,
        plan: &Plan,
        row_keys: &[u64],
        sums: &[f64],
        target: &[f64],
        residual: bool,
        n_threads: usize,
    ) -> Finished {
        let cancel = Cancel::default();
        let told = Told {
            plan,
            row_keys,
            stage: plan.n_stages() - 1,
            n_told: None,
            paths: self.paths(),
            sums,
            target,
            n_outputs: self.n_outputs,
            residual,
        };
        finish(&told, &Workers::new(n_threads, &cancel)).expect("lengths agree")
    }
}
