//! Noise on the points, for smoothed explanations.

use super::{Real, check};
use crate::error::Error;
use crate::parallel::Workers;
use crate::random::{Purpose, Stream};

/// Elements that one unit of parallel work writes: about a millisecond.
const UNIT: usize = 1 << 15;

/// Which noise.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    /// The seed.
    pub seed: u64,
    /// Number of the first feature among all inputs: noise belongs to the feature, not to how inputs are cut.
    pub offset: u64,
    /// Standard deviation.
    pub sigma: f64,
}

/// Add independent normal noise of mean 0 to `out`, `(points, d)`.
///
/// Feature `i` of point `p` gets number `offset + i` of the stream (seed, noise, key of the row, `points[p]`): Box and
/// Muller (1958) on its uniform numbers, two by two. About 30 ns a number.
pub fn add_noise<T: Real>(
    noise: Noise,
    row_keys: &[u64],
    points: &[u64],
    out: &mut [T],
    workers: &Workers<'_>,
) -> Result<(), Error> {
    check("points", points.len(), row_keys.len())?;
    if !(noise.sigma >= 0.0 && noise.sigma.is_finite()) {
        let got = noise.sigma.to_string();
        return Err(Error::Parameter { argument: "sigma", got, accepted: "at least 0 and finite" });
    }
    if out.is_empty() || noise.sigma == 0.0 {
        return Ok(());
    }
    let width = out.len() / row_keys.len().max(1);
    check("out", out.len(), width * row_keys.len())?;
    let many = (UNIT / width).max(1);
    workers.for_each_unit(out.chunks_mut(many * width), |number, unit| {
        for (place, point) in unit.chunks_exact_mut(width).enumerate() {
            let place = number * many + place;
            noise.add(row_keys[place], points[place], point);
        }
    })
}

impl Noise {
    fn add<T: Real>(&self, row_key: u64, point: u64, out: &mut [T]) {
        let mut stream =
            Stream::from_block(self.seed, Purpose::GradientNoise, row_key, point, self.offset / 4);
        let mut normals = std::iter::repeat_with(|| pair(&mut stream)).flatten();
        let skipped = usize::try_from(self.offset % 4).unwrap_or(0);
        let normals = normals.by_ref().skip(skipped);
        for (out, normal) in out.iter_mut().zip(normals) {
            *out = T::nearest((*out).into() + self.sigma * normal);
        }
    }
}

fn pair(stream: &mut Stream) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - stream.uniform()).ln()).sqrt();
    let angle = std::f64::consts::TAU * stream.uniform();
    let (sine, cosine) = angle.sin_cos();
    [radius * cosine, radius * sine]
}
