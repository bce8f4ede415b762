//! Centres that claim the pixels around them and move to their middle.

use multiversion::multiversion;

use crate::image::shape::Shape;

/// Centres of colour and place, and which of them owns each pixel.
#[derive(Debug)]
pub(super) struct Centres {
    shape: Shape,
    /// One plane a channel: `(channels, height, width)`.
    planes: Vec<f32>,
    /// Row, column and colour of each centre: `(centres, 2 + channels)`.
    places: Vec<f32>,
    /// How far a centre reaches, up and down and to both sides.
    reach: [f32; 2],
    /// Colour that a pixel's distance is worth, squared.
    nearness: f32,
    labels: Vec<i32>,
    /// Squared distance of each pixel to its owner.
    distances: Vec<f32>,
}

impl Centres {
    /// Centres on a grid of about `n_segments`, moved off the edges. `n_segments` pixels there must be.
    #[expect(clippy::cast_possible_truncation, reason = "colours and places need no more digits")]
    pub(super) fn new(colours: &[f32], shape: Shape, n_segments: usize, compactness: f64) -> Self {
        let (height, width, n_channels) = (shape.height, shape.width, shape.n_channels);
        let n_pixels = shape.n_pixels();
        let mut planes = vec![0.0; colours.len()];
        for (pixel, colour) in colours.chunks_exact(n_channels).enumerate() {
            for (channel, &value) in colour.iter().enumerate() {
                planes[channel * n_pixels + pixel] = value;
            }
        }
        let step = (n_pixels as f64 / n_segments as f64).sqrt();
        let (n_rows, n_columns) = grid(height, width, n_segments, step);
        let steps = [height as f64 / n_rows as f64, width as f64 / n_columns as f64];
        let mut centres = Self {
            shape,
            planes,
            places: Vec::with_capacity(n_rows * n_columns * (2 + n_channels)),
            reach: steps.map(|step| step as f32),
            nearness: (compactness / step).powi(2) as f32,
            labels: crate::image::grid::grid_segments(height, width, n_rows, n_columns).unwrap_or_default(),
            distances: vec![0.0; n_pixels],
        };
        for row in 0..n_rows {
            for column in 0..n_columns {
                let place = [(row as f64 + 0.5) * steps[0] - 0.5, (column as f64 + 0.5) * steps[1] - 0.5];
                let nearest = (rounded(place[0]).min(height - 1), rounded(place[1]).min(width - 1));
                let (row, column) = centres.smoothest(nearest.0, nearest.1);
                let is_moved = (row, column) != nearest;
                let place = if is_moved { [row as f64, column as f64] } else { place };
                centres.places.extend(place.map(|at| at as f32));
                let colour = (0..n_channels).map(|c| centres.planes[c * n_pixels + row * width + column]);
                centres.places.extend(colour);
            }
        }
        centres
    }

    /// The pixel with the smallest gradient among a pixel and the eight around it, itself first, then by rows.
    fn smoothest(&self, row: usize, column: usize) -> (usize, usize) {
        let mut best = (self.gradient(row, column), row, column);
        for row in row.saturating_sub(1)..(row + 2).min(self.shape.height) {
            for column in column.saturating_sub(1)..(column + 2).min(self.shape.width) {
                let gradient = self.gradient(row, column);
                if gradient < best.0 {
                    best = (gradient, row, column);
                }
            }
        }
        (best.1, best.2)
    }

    /// The squared change of colour across a pixel, both ways.
    fn gradient(&self, row: usize, column: usize) -> f32 {
        let (height, width) = (self.shape.height, self.shape.width);
        let pairs = [
            (row.saturating_sub(1) * width + column, (row + 1).min(height - 1) * width + column),
            (row * width + column.saturating_sub(1), row * width + (column + 1).min(width - 1)),
        ];
        let planes = self.planes.chunks_exact(self.shape.n_pixels());
        planes.flat_map(|plane| pairs.map(|(a, b)| (plane[a] - plane[b]).powi(2))).sum()
    }

    /// Let every pixel belong to the nearest centre that reaches it; one that none reaches stays where it was.
    pub(super) fn claim(&mut self) {
        let (height, width, n_channels) = (self.shape.height, self.shape.width, self.shape.n_channels);
        self.distances.fill(f32::INFINITY);
        for (number, centre) in self.places.chunks_exact(2 + n_channels).enumerate() {
            let rows = within(centre[0], self.reach[0], height);
            let columns = within(centre[1], self.reach[1], width);
            let label = i32::try_from(number).unwrap_or(i32::MAX);
            for row in rows {
                let span = row * width + columns.start..row * width + columns.end;
                let claim = Claim {
                    label,
                    colour: &centre[2..],
                    first: columns.start as f32 - centre[1],
                    aside: (row as f32 - centre[0]).powi(2) * self.nearness,
                    nearness: self.nearness,
                };
                let planes = (&self.planes[..], self.shape.n_pixels(), span.start);
                claim_row(&claim, planes, &mut self.distances[span.clone()], &mut self.labels[span]);
            }
        }
    }

    /// Move every centre to the mean of its pixels; how far the one went that went furthest.
    #[expect(clippy::cast_possible_truncation, reason = "colours and places need no more digits")]
    pub(super) fn moved(&mut self) -> f32 {
        let size = 2 + self.shape.n_channels;
        let n_centres = self.places.len() / size;
        let mut sums = vec![0.0_f64; self.places.len()];
        let mut counts = vec![0_u32; n_centres];
        let n_pixels = self.shape.n_pixels();
        for (pixel, &label) in self.labels.iter().enumerate() {
            let centre = usize::try_from(label).unwrap_or(0);
            counts[centre] += 1;
            let sums = &mut sums[centre * size..][..size];
            sums[0] += (pixel / self.shape.width) as f64;
            sums[1] += (pixel % self.shape.width) as f64;
            for (channel, sum) in sums[2..].iter_mut().enumerate() {
                *sum += f64::from(self.planes[channel * n_pixels + pixel]);
            }
        }
        let mut furthest = 0.0_f32;
        let centres = self.places.chunks_exact_mut(size).zip(sums.chunks_exact(size)).zip(&counts);
        for ((place, sums), &count) in centres.filter(|(_, count)| **count > 0) {
            let before = [place[0], place[1]];
            for (place, sum) in place.iter_mut().zip(sums) {
                *place = (sum / f64::from(count)) as f32;
            }
            furthest = furthest.max((place[0] - before[0]).hypot(place[1] - before[1]));
        }
        furthest
    }

    pub(super) fn into_labels(self) -> Vec<i32> {
        self.labels
    }
}

/// Rows and columns of centres: as many along the shorter side as its steps, and of the longer what is left.
fn grid(height: usize, width: usize, n_segments: usize, step: f64) -> (usize, usize) {
    let shorter = rounded(height.min(width) as f64 / step).clamp(1, height.min(width));
    let longer = rounded(n_segments as f64 / shorter as f64).clamp(1, height.max(width));
    if height <= width { (shorter, longer) } else { (longer, shorter) }
}

/// What a centre asks of a row of pixels.
struct Claim<'a> {
    label: i32,
    colour: &'a [f32],
    /// Columns from the centre to the first pixel.
    first: f32,
    /// What the row's distance counts for.
    aside: f32,
    nearness: f32,
}

/// `planes`: all, the pixels of each, and the first pixel of the row.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn claim_row(claim: &Claim<'_>, planes: (&[f32], usize, usize), distances: &mut [f32], labels: &mut [i32]) {
    let (all, n_pixels, first) = planes;
    let plane = |channel: usize| &all[channel * n_pixels + first..][..distances.len()];
    if let [a, b, c] = *claim.colour {
        let colours = plane(0).iter().zip(plane(1)).zip(plane(2));
        let pixels = distances.iter_mut().zip(labels).zip(colours).enumerate();
        for (column, ((nearest, label), ((x, y), z))) in pixels {
            let aside = claim.first + column as f32;
            let place = claim.aside + claim.nearness * (aside * aside);
            let distance = place + (x - a) * (x - a) + (y - b) * (y - b) + (z - c) * (z - c);
            let is_nearer = distance < *nearest;
            *nearest = if is_nearer { distance } else { *nearest };
            *label = if is_nearer { claim.label } else { *label };
        }
        return;
    }
    for (column, (nearest, label)) in distances.iter_mut().zip(labels).enumerate() {
        let aside = claim.first + column as f32;
        let mut distance = claim.aside + claim.nearness * (aside * aside);
        for (channel, centre) in claim.colour.iter().enumerate() {
            distance += (all[channel * n_pixels + first + column] - centre).powi(2);
        }
        if distance < *nearest {
            *nearest = distance;
            *label = claim.label;
        }
    }
}

/// The pixels of a side that are no further from a place than `reach`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn within(place: f32, reach: f32, side: usize) -> std::ops::Range<usize> {
    let first = (place - reach).ceil().max(0.0) as usize;
    let end = ((place + reach).floor().max(0.0) as usize + 1).min(side);
    first.min(end)..end
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
fn rounded(count: f64) -> usize {
    count.round() as usize
}
