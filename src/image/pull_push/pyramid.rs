//! One channel at every size, from the picture's own to a single pixel.

use multiversion::multiversion;

use crate::image::intensity::Real;

/// A size of the picture, and where it begins in the arrays.
#[derive(Debug, Clone, Copy)]
struct Level {
    height: usize,
    width: usize,
    start: usize,
}

impl Level {
    fn span(self) -> std::ops::Range<usize> {
        self.start..self.start + self.height * self.width
    }
}

/// Memory to fill one channel of a picture in.
#[derive(Debug)]
pub(super) struct Pyramid<R: Real> {
    levels: Vec<Level>,
    /// 1 where a pixel is visible, 0 where it is not.
    visible: Vec<R>,
    /// One over the number of visible pixels among the four below; 0 where there is none.
    shares: Vec<R>,
    /// The channel; 0 where it is not known.
    values: Vec<R>,
    /// A row of the coarser level, with its ends once more.
    line: Vec<R>,
}

impl<R: Real> Pyramid<R> {
    pub(super) fn new(height: usize, width: usize) -> Self {
        let mut levels = vec![Level { height, width, start: 0 }];
        let mut total = height * width;
        while let Some(&Level { height, width, .. }) = levels.last()
            && height * width > 1
        {
            let (height, width) = (height.div_ceil(2), width.div_ceil(2));
            levels.push(Level { height, width, start: total });
            total += height * width;
        }
        let zeros = || vec![R::ZERO; total];
        Self {
            levels,
            visible: zeros(),
            shares: zeros(),
            values: zeros(),
            line: vec![R::ZERO; width / 2 + 3],
        }
    }

    /// Take which pixels are hidden.
    pub(super) fn set_hidden(&mut self, is_hidden: &[bool]) {
        let one = R::of(1.0);
        for (visible, &hidden) in self.visible.iter_mut().zip(is_hidden) {
            *visible = if hidden { R::ZERO } else { one };
        }
        for pair in self.levels.windows(2) {
            pull(pair, &mut self.visible, |_, count| count);
            for at in pair[1].span() {
                let count = self.visible[at];
                let is_any = count > R::ZERO;
                self.visible[at] = if is_any { one } else { R::ZERO };
                self.shares[at] = share(count);
            }
        }
    }

    /// Is no pixel visible?
    pub(super) fn is_all_hidden(&self) -> bool {
        self.visible.last().is_some_and(|&visible| visible == R::ZERO)
    }

    /// Fill a channel, less `origin`: what is visible of it pulled up and pushed down again. And the least and the
    /// largest number visible.
    pub(super) fn fill(&mut self, plane: &[R], origin: R) -> (&[R], R, R) {
        let range = masked(plane, origin, &self.visible, &mut self.values);
        let Self { levels, visible, shares, values, line } = self;
        for pair in levels.windows(2) {
            pull(pair, values, |at, sum| sum * shares[at]);
        }
        for pair in levels.windows(2).rev() {
            let [fine, coarse] = [pair[0], pair[1]];
            let (values, coarser) = values.split_at_mut(coarse.start);
            let (values, visible) = (&mut values[fine.span()], &visible[fine.span()]);
            let coarser = &coarser[..coarse.height * coarse.width];
            let rows = values.chunks_exact_mut(fine.width).zip(visible.chunks_exact(fine.width));
            for (row, (values, visible)) in rows.enumerate() {
                let nearer = row / 2;
                let further = if row % 2 == 0 { nearer.saturating_sub(1) } else { nearer + 1 };
                let row = |row: usize| &coarser[row.min(coarse.height - 1) * coarse.width..][..coarse.width];
                between(row(nearer), row(further), line);
                push_row(line, visible, values);
            }
        }
        (&self.values[..plane.len()], range.0, range.1)
    }
}

/// One over a count from 0 to 4, where there is one.
fn share<R: Real>(count: R) -> R {
    let is = |number: f64| count == R::of(number);
    if is(0.0) {
        R::ZERO
    } else if is(1.0) {
        R::of(1.0)
    } else if is(2.0) {
        R::of(0.5)
    } else if is(3.0) {
        R::of(1.0 / 3.0)
    } else {
        R::of(0.25)
    }
}

/// Sum four pixels each of a level into the next.
fn pull<R: Real>(pair: &[Level], values: &mut [R], finish: impl Fn(usize, R) -> R) {
    let (fine, coarse) = (pair[0], pair[1]);
    let (below, above) = values.split_at_mut(coarse.start);
    let below = &below[fine.span()];
    for row in 0..coarse.height {
        let upper = &below[2 * row * fine.width..][..fine.width];
        let lower = below.get((2 * row + 1) * fine.width..).and_then(|rest| rest.get(..fine.width));
        let sums = &mut above[row * coarse.width..][..coarse.width];
        pull_row(upper, lower.unwrap_or_default(), sums);
        for (column, sum) in sums.iter_mut().enumerate() {
            *sum = finish(coarse.start + row * coarse.width + column, *sum);
        }
    }
}

/// Sum pairs of two rows; the lower may be missing.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn pull_row<R: Real>(upper: &[R], lower: &[R], sums: &mut [R]) {
    let (pairs, last) = upper.as_chunks::<2>();
    if lower.is_empty() {
        for (sum, [a, b]) in sums.iter_mut().zip(pairs) {
            *sum = *a + *b;
        }
    } else {
        for ((sum, [a, b]), [c, d]) in sums.iter_mut().zip(pairs).zip(lower.as_chunks::<2>().0) {
            *sum = (*a + *b) + (*c + *d);
        }
    }
    if let ([single], Some(sum)) = (last, sums.last_mut()) {
        *sum = lower.last().map_or(*single, |&below| *single + below);
    }
}

/// What is visible, less the origin, 0 elsewhere; and its range.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn masked<R: Real>(plane: &[R], origin: R, visible: &[R], values: &mut [R]) -> (R, R) {
    let (mut least, mut largest) = (R::of(f64::INFINITY), R::of(f64::NEG_INFINITY));
    for ((value, &visible), &own) in values.iter_mut().zip(visible).zip(plane) {
        let is_visible = visible > R::ZERO;
        *value = if is_visible { own - origin } else { R::ZERO };
        least = if is_visible && own < least { own } else { least };
        largest = if is_visible && own > largest { own } else { largest };
    }
    (least, largest)
}

/// A quarter of the way from one row to another, with both ends repeated.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn between<R: Real>(nearer: &[R], further: &[R], line: &mut [R]) {
    let quarter = R::of(0.25);
    for ((line, &near), &far) in line[1..].iter_mut().zip(nearer).zip(further) {
        *line = near + (far - near) * quarter;
    }
    line[0] = line[1];
    line[nearer.len() + 1] = line[nearer.len()];
}

/// Give the hidden pixels of a row what lies between those of the coarser one.
#[multiversion(targets("x86_64+avx512f+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn push_row<R: Real>(line: &[R], visible: &[R], values: &mut [R]) {
    let quarter = R::of(0.25);
    let (pairs, last) = values.as_chunks_mut::<2>();
    let (visible, last_visible) = visible.as_chunks::<2>();
    let n_pairs = pairs.len();
    let lines = line.iter().zip(&line[1..]).zip(&line[2..]);
    for ((pair, visible), ((&before, &here), &after)) in pairs.iter_mut().zip(visible).zip(lines) {
        let left = here + (before - here) * quarter;
        let right = here + (after - here) * quarter;
        pair[0] = if visible[0] > R::ZERO { pair[0] } else { left };
        pair[1] = if visible[1] > R::ZERO { pair[1] } else { right };
    }
    if let ([value], [visible]) = (last, last_visible)
        && *visible == R::ZERO
    {
        let (before, here) = (line[n_pairs], line[n_pairs + 1]);
        *value = here + (before - here) * quarter;
    }
}
