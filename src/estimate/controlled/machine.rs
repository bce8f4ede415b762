//! The estimator: two phases of pairs, one control variate a row, one regression for all.

use super::design::of_two_phases;
use crate::coalition::Coalitions;
use crate::error::Error;
use crate::estimate::leverage::{Design, Fit, System, Targets, variances};
use crate::estimate::odd_gp::{self, Data, OddModel, Options, Shape};
use crate::estimate::paired::Paired;
use crate::estimate::{Batch, Estimate, Estimator, Problem};
use crate::linalg::{LANES, Lanes};
use crate::parallel::Workers;
use crate::sample::Sequence;

/// Pairs of the first phase, at most: what kriging is solved for in a second.
const MOST_FIRST: u64 = 1000;
/// One pair in so many is of the first phase.
const FIRST_IN: u64 = 4;
/// Pairs beyond the number of players from which least squares are used and their errors stated.
const TO_SPARE: usize = 8;
/// A control variate that leaves more than this share of what additive values leave is not used.
const WORTHLESS: f64 = 0.95;

/// Values by least squares on what kriging misses.
///
/// Evaluations 0 and 1 are the endpoints, unless they are known; then pairs in two phases, whose lengths depend on the
/// budget: a quarter of the pairs, at least as many as players and at most 1000, by `StarMiddle`; then `Leverage`.
#[derive(Debug)]
pub struct Controlled {
    pairs: Paired,
    n_first: usize,
    options: Options,
}

/// A run. With fewer than four pairs a player it is kriging alone, whose own errors are then the smaller.
pub fn start(problem: Problem, options: Options) -> Result<Box<dyn Estimator>, Error> {
    if options.shape == Shape::Pooled {
        return Err(Error::Parameter {
            argument: "hyper",
            got: "pooled".into(),
            accepted: "\"row\": every row has a control variate of its own",
        });
    }
    if options.sequence != Sequence::StarMiddle {
        return Err(Error::Parameter {
            argument: "sequence",
            got: format!("{:?}", options.sequence),
            accepted: "\"star\", which its two phases are made of",
        });
    }
    let n = problem.n_players as u64;
    let mut n_first = None;
    let pairs = Paired::in_two_phases(problem.clone(), |n_pairs| {
        if n_pairs < FIRST_IN * n {
            return u64::MAX;
        }
        let first = (n_pairs / FIRST_IN).min(MOST_FIRST).max(n);
        n_first = usize::try_from(first).ok();
        first
    })?;
    match n_first {
        Some(n_first) => Ok(Box::new(Controlled { pairs, n_first, options })),
        None => odd_gp::start(problem, options),
    }
}

/// The control variate of one row.
struct Control {
    model: OddModel,
    /// `f(S_a)`: `(pairs, outputs)`.
    predicted: Vec<f64>,
    /// `f({})`, one an output.
    of_empty: Vec<f64>,
}

/// Regressions of some outputs.
struct Regression<'a> {
    design: Design<'a>,
    system: System<'a>,
    fits: Vec<Fit>,
}

impl Controlled {
    /// What the control variate of one row is fitted to.
    fn data(&self, row: usize) -> Data {
        let problem = self.pairs.problem();
        let width = problem.n_outputs / problem.n_rows;
        let columns = row * width..(row + 1) * width;
        let n_first = self.n_first.min(self.pairs.n_told());
        let mut coalitions = Coalitions::new(problem.n_players);
        (0..n_first).for_each(|pair| coalitions.push(self.pairs.coalitions().get(pair)));
        let halves = self.pairs.half_differences().chunks_exact(problem.n_outputs).take(n_first);
        Data {
            coalitions,
            is_star: self.pairs.classes()[..n_first].iter().map(|&class| class == 1).collect(),
            targets: halves.flat_map(|halves| halves[columns.clone()].iter().copied()).collect(),
            grand: columns.map(|output| self.pairs.endpoints().total_difference(output)).collect(),
        }
    }

    fn control(&self, row: usize, is_second: bool, workers: &Workers<'_>) -> Result<Control, Error> {
        let data = self.data(row);
        let model = OddModel::fit(&data, self.options, workers)?;
        let n_told = if is_second { self.pairs.n_told() } else { 0 };
        let mut coalitions = Coalitions::new(self.pairs.problem().n_players);
        coalitions.push_endpoint(false);
        (0..n_told).for_each(|pair| coalitions.push(self.pairs.coalitions().get(pair)));
        let mut of_empty = model.predict(&coalitions, workers)?;
        let predicted = of_empty.split_off(data.n_outputs());
        Ok(Control { model, predicted, of_empty })
    }

    fn controls(&self, is_second: bool, workers: &Workers<'_>) -> Result<Vec<Control>, Error> {
        let n_rows = self.pairs.problem().n_rows;
        let mut controls: Vec<Option<Result<Control, Error>>> = (0..n_rows).map(|_| None).collect();
        workers.for_each_unit(controls.iter_mut(), |row, slot| {
            // One fit is one thread's: its bits do not depend on how many there are.
            *slot = Some(self.control(row, is_second, &workers.alone()));
        })?;
        controls.into_iter().map(|control| control.unwrap_or(Err(Error::Interrupted))).collect()
    }

    /// What least squares are fitted to, eight outputs at a time: the half-differences less `share(output)` times what
    /// the control variates say.
    fn targets(&self, controls: &[Control], share: f64) -> Vec<Targets> {
        let n_outputs = self.pairs.problem().n_outputs;
        let width = n_outputs / controls.len();
        let group = |first: usize| {
            let outputs = first..n_outputs.min(first + LANES);
            let lanes = |number: &dyn Fn(&Control, usize, usize) -> f64| {
                let mut lanes: Lanes = [0.0; LANES];
                for (lane, output) in lanes.iter_mut().zip(outputs.clone()) {
                    *lane = number(&controls[output / width], output % width, output);
                }
                lanes
            };
            let halves = self.pairs.half_differences();
            Targets {
                half_differences: (0..self.pairs.n_told())
                    .map(|pair| {
                        lanes(&|control, column, output| {
                            halves[pair * n_outputs + output]
                                - share * control.predicted[pair * width + column]
                        })
                    })
                    .collect(),
                grand: lanes(&|control, column, output| {
                    self.pairs.endpoints().total_difference(output) + 2.0 * share * control.of_empty[column]
                }),
            }
        };
        (0..n_outputs).step_by(LANES).map(group).collect()
    }

    /// Kriging on the first phase alone.
    fn kriging(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let problem = self.pairs.problem();
        let mut estimate = self.pairs.endpoints().equal_shares(problem.n_players, self.pairs.n_evaluations());
        estimate.status = self.pairs.status();
        if self.pairs.n_told() < problem.n_players {
            return Ok(estimate);
        }
        let width = problem.n_outputs / problem.n_rows;
        for (row, control) in self.controls(false, workers)?.iter().enumerate() {
            for player in 0..problem.n_players {
                let to = player * problem.n_outputs + row * width;
                let from = player * width..(player + 1) * width;
                estimate.values[to..to + width].copy_from_slice(&control.model.values()[from.clone()]);
                estimate.std_errors[to..to + width].copy_from_slice(&control.model.std_errors()[from]);
            }
            estimate.gap[row * width..(row + 1) * width].copy_from_slice(control.model.gap());
            estimate.interval_df[row] = control.model.interval_df();
        }
        if !self.pairs.is_representative() {
            estimate.std_errors.fill(f64::NAN);
            estimate.interval_df.fill(f64::NAN);
        }
        Ok(estimate)
    }
}

impl Controlled {
    /// Complete pairs of the second phase.
    fn n_second(&self) -> usize {
        self.pairs.n_told().saturating_sub(self.n_first)
    }

    /// Least squares on what the control variates leave, or on the half-differences themselves where these leave as
    /// much; None where the signs lack rank.
    ///
    /// The latter weigh all pairs of a class alike: the first phase is a sample of each class too.
    fn regressed(&self, players: &[usize], workers: &Workers<'_>) -> Result<Option<Estimate>, Error> {
        let pairs = &self.pairs;
        let controls = self.controls(true, workers)?;
        let mut of_all = Design::new(pairs.sequence(), pairs.coalitions(), pairs.classes());
        if let Some(seen) = pairs.seen() {
            of_all = of_all.looked_at_on(pairs.sequence(), seen);
        }
        let plain = Regression::new(of_all, &self.targets(&controls, 0.0), players, workers)?;
        let of_phases = of_two_phases(pairs, self.n_first);
        let bent = Regression::new(of_phases, &self.targets(&controls, 1.0), players, workers)?;
        let (Some(plain), Some(bent)) = (plain, bent) else { return Ok(None) };

        let n_outputs = pairs.problem().n_outputs;
        let mut estimate = pairs.endpoints().equal_shares(players.len(), pairs.n_evaluations());
        estimate.status = pairs.status();
        let states_errors = !pairs.is_exact() && pairs.is_representative();
        let variances = |regression: &Regression<'_>| {
            states_errors.then(|| regression.variances(n_outputs, workers)).transpose()
        };
        let (of_plain, of_bent) = (variances(&plain)?, variances(&bent)?);
        let weights = &bent.design.weights;
        for output in 0..n_outputs {
            let left = |regression: &Regression<'_>| regression.left(weights, self.n_first, output);
            if left(&bent) > WORTHLESS * left(&plain) {
                self.write(output, None, (&plain, of_plain.as_deref()), &mut estimate);
            } else {
                self.write(output, Some(&controls), (&bent, of_bent.as_deref()), &mut estimate);
            }
        }
        if pairs.is_exact() || states_errors {
            let df = (self.n_second() + 1).saturating_sub(players.len()).max(1);
            estimate.interval_df.fill(df as f64);
        }
        Ok(Some(estimate))
    }

    /// Write one output: the values of its control variate, and what the regression adds.
    fn write(
        &self,
        output: usize,
        controls: Option<&[Control]>,
        (regression, variances): (&Regression<'_>, Option<&[Vec<f64>]>),
        estimate: &mut Estimate,
    ) {
        let (n, n_outputs) = (self.pairs.problem().n_players, self.pairs.problem().n_outputs);
        let width = n_outputs / self.pairs.problem().n_rows;
        let unknown = if self.pairs.is_exact() { 0.0 } else { f64::NAN };
        let mut sum = 0.0;
        for player in 0..n {
            let of_control = controls.map_or(0.0, |controls| {
                controls[output / width].model.values()[player * width + output % width]
            });
            let value = of_control + regression.fits[output / LANES].values[player][output % LANES];
            sum += value;
            estimate.values[player * n_outputs + output] = value;
            estimate.std_errors[player * n_outputs + output] =
                variances.map_or(unknown, |variances| variances[output][player].sqrt());
        }
        let gap = self.pairs.endpoints().total_difference(output) - sum;
        (0..n).for_each(|player| estimate.values[player * n_outputs + output] += gap / n as f64);
        estimate.gap[output] = gap;
    }
}

impl<'a> Regression<'a> {
    fn new(
        design: Design<'a>,
        targets: &[Targets],
        players: &'a [usize],
        workers: &Workers<'_>,
    ) -> Result<Option<Self>, Error> {
        let gram = design.gram(workers)?;
        let Some(system) = System::new(&gram, players, 0.0, workers)? else { return Ok(None) };
        let fits = targets.iter().map(|targets| system.fit(&design, targets, 2, workers));
        let fits = fits.collect::<Result<_, _>>()?;
        Ok(Some(Self { design, system, fits }))
    }

    fn variances(&self, n_outputs: usize, workers: &Workers<'_>) -> Result<Vec<Vec<f64>>, Error> {
        let residuals: Vec<_> = self.fits.iter().map(|fit| fit.residuals.clone()).collect();
        variances(&self.design, &self.system.inverse, &residuals, n_outputs, workers)
    }

    /// The weighted squares that an output's fit leaves of the second phase, by the weights given.
    fn left(&self, weights: &[f64], n_first: usize, output: usize) -> f64 {
        let residuals = &self.fits[output / LANES].residuals[n_first..];
        residuals
            .iter()
            .zip(&weights[n_first..])
            .map(|(r, w)| w * r[output % LANES] * r[output % LANES])
            .sum()
    }
}

impl Estimator for Controlled {
    fn ask(&mut self, max: usize, workers: &Workers<'_>) -> Result<Batch, Error> {
        self.pairs.ask(max, workers)
    }

    fn tell(&mut self, first: u64, worths: &[f64]) -> Result<(), Error> {
        self.pairs.tell(first, worths)
    }

    fn estimate(&self, workers: &Workers<'_>) -> Result<Estimate, Error> {
        let n = self.pairs.problem().n_players;
        if self.n_second() < n + TO_SPARE && !self.pairs.is_exact() {
            return self.kriging(workers);
        }
        let players: Vec<usize> = (0..n).collect();
        match self.regressed(&players, workers)? {
            Some(estimate) => Ok(estimate),
            None => self.kriging(workers),
        }
    }
}
