//! The one inner loop of the room: eight rows times a few panels, compiled for each instruction set.
//!
//! Cells are summed in the order of the inner index, each product fused with its sum: the same bits on every
//! instruction set. A processor without fused multiply-adds is right, but slow.

#[cfg(target_arch = "x86_64")]
use super::x86::{Avx2, Avx512};
use super::{LANES, Lanes};
use crate::simd::InstructionSet;

/// Eight numbers in the registers of an instruction set.
pub(super) trait Vector: Copy {
    /// Panels in a tile that the registers hold.
    const WIDTH: usize;
    /// Rows of a tile that the registers hold: a divisor of 8.
    const ROWS: usize;
    /// The same number eight times.
    fn splat(number: f64) -> Self;
    /// Eight numbers.
    fn load(lanes: &Lanes) -> Self;
    /// Eight numbers.
    fn store(self, lanes: &mut Lanes);
    /// `self * b + c`, rounded once.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `c - self * b`, rounded once.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// `self * b`.
    fn mul(self, b: Self) -> Self;
    /// `self + b`.
    fn add(self, b: Self) -> Self;
    /// `self - b`.
    fn sub(self, b: Self) -> Self;
}

/// Work that is compiled for each instruction set.
pub(super) trait Job {
    /// What it gives.
    type Output;
    /// Do it.
    fn work<V: Vector>(self) -> Self::Output;
}

/// Do the work with the best vectors that this processor has.
pub(super) fn run<J: Job>(job: J) -> J::Output {
    run_on(InstructionSet::chosen().unwrap_or(InstructionSet::Portable), job)
}

/// Do the work with the vectors of an instruction set.
pub(super) fn run_on<J: Job>(set: InstructionSet, job: J) -> J::Output {
    match set {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
        // SAFETY: an `InstructionSet` beyond the portable one is only made where the processor has it.
        InstructionSet::Avx512 => unsafe { in_avx512(job) },
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
        // SAFETY: as above
        InstructionSet::Avx2 => unsafe { in_avx2(job) },
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "the same body, compiled for the processor")]
        // SAFETY: the processor was asked.
        _ if is_x86_feature_detected!("fma") => unsafe { in_fma(job) },
        _ => job.work::<Array>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn in_avx512<J: Job>(job: J) -> J::Output {
    job.work::<Avx512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn in_avx2<J: Job>(job: J) -> J::Output {
    job.work::<Avx2>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx,fma")]
fn in_fma<J: Job>(job: J) -> J::Output {
    job.work::<Array>()
}

/// Vectors as arrays, for every processor: the compiler finds what instructions it may.
#[derive(Clone, Copy)]
pub(super) struct Array(Lanes);

impl Vector for Array {
    const WIDTH: usize = 1;
    const ROWS: usize = 2;

    #[inline(always)]
    fn splat(number: f64) -> Self {
        Self([number; LANES])
    }
    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        Self(*lanes)
    }
    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        *lanes = self.0;
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        let mut lanes = c.0;
        for ((lane, a), b) in lanes.iter_mut().zip(self.0).zip(b.0) {
            *lane = a.mul_add(b, *lane);
        }
        Self(lanes)
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        let mut lanes = c.0;
        for ((lane, a), b) in lanes.iter_mut().zip(self.0).zip(b.0) {
            *lane = (-a).mul_add(b, *lane);
        }
        Self(lanes)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        let mut lanes = self.0;
        for (lane, b) in lanes.iter_mut().zip(b.0) {
            *lane *= b;
        }
        Self(lanes)
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        let mut lanes = self.0;
        for (lane, b) in lanes.iter_mut().zip(b.0) {
            *lane += b;
        }
        Self(lanes)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        let mut lanes = self.0;
        for (lane, b) in lanes.iter_mut().zip(b.0) {
            *lane -= b;
        }
        Self(lanes)
    }
}

/// Tell `take(i, w, sum)` what `sum_k a[k][i] b[w][k]` is, for the eight rows `i` of a panel and each other panel `w`.
///
/// What the registers hold is told before the next rows are begun.
#[inline(always)]
pub(super) fn tile<V: Vector, const WIDTH: usize>(
    a: &[Lanes],
    b: [&[Lanes]; WIDTH],
    mut take: impl FnMut(usize, usize, V),
) {
    let b = b.map(|b| &b[..a.len()]);
    match V::ROWS {
        8 => rows::<V, 8, WIDTH>(a, b, 0, &mut take),
        4 => {
            for first in [0, 4] {
                rows::<V, 4, WIDTH>(a, b, first, &mut take);
            }
        }
        _ => {
            for first in [0, 2, 4, 6] {
                rows::<V, 2, WIDTH>(a, b, first, &mut take);
            }
        }
    }
}

#[inline(always)]
fn rows<V: Vector, const ROWS: usize, const WIDTH: usize>(
    a: &[Lanes],
    b: [&[Lanes]; WIDTH],
    first: usize,
    take: &mut impl FnMut(usize, usize, V),
) {
    let mut sums = [[V::splat(0.0); WIDTH]; ROWS];
    for (k, a) in a.iter().enumerate() {
        add(&mut sums, |i| a[first + i], std::array::from_fn(|w| V::load(&b[w][k])));
    }
    tell(&sums, first, take);
}

/// The same for `sum_k a[k / 8][i][k % 8] b[w][k]`, where the rows are columns of blocks of a triangle.
#[inline(always)]
pub(super) fn tile_across<'a, V: Vector, const WIDTH: usize>(
    blocks: impl Iterator<Item = &'a [Lanes; LANES]> + Clone,
    b: [&[Lanes]; WIDTH],
    mut take: impl FnMut(usize, usize, V),
) {
    match V::ROWS {
        8 => rows_across::<V, 8, WIDTH>(blocks, b, 0, &mut take),
        4 => {
            for first in [0, 4] {
                rows_across::<V, 4, WIDTH>(blocks.clone(), b, first, &mut take);
            }
        }
        _ => {
            for first in [0, 2, 4, 6] {
                rows_across::<V, 2, WIDTH>(blocks.clone(), b, first, &mut take);
            }
        }
    }
}

#[inline(always)]
fn rows_across<'a, V: Vector, const ROWS: usize, const WIDTH: usize>(
    blocks: impl Iterator<Item = &'a [Lanes; LANES]>,
    b: [&[Lanes]; WIDTH],
    first: usize,
    take: &mut impl FnMut(usize, usize, V),
) {
    let mut sums = [[V::splat(0.0); WIDTH]; ROWS];
    let b: [&[[Lanes; LANES]]; WIDTH] = b.map(|b| b.as_chunks().0);
    for (number, block) in blocks.enumerate() {
        let b: [&[Lanes; LANES]; WIDTH] = std::array::from_fn(|w| &b[w][number]);
        for k in 0..LANES {
            add(&mut sums, |i| block[first + i][k], std::array::from_fn(|w| V::load(&b[w][k])));
        }
    }
    tell(&sums, first, take);
}

#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "loops over constants stay in registers, iterators do not always"
)]
fn add<V: Vector, const ROWS: usize, const WIDTH: usize>(
    sums: &mut [[V; WIDTH]; ROWS],
    cell: impl Fn(usize) -> f64,
    b: [V; WIDTH],
) {
    for i in 0..ROWS {
        let cell = V::splat(cell(i));
        for w in 0..WIDTH {
            sums[i][w] = cell.mul_add(b[w], sums[i][w]);
        }
    }
}

#[inline(always)]
#[expect(
    clippy::needless_range_loop,
    reason = "loops over constants stay in registers, iterators do not always"
)]
fn tell<V: Vector, const ROWS: usize, const WIDTH: usize>(
    sums: &[[V; WIDTH]; ROWS],
    first: usize,
    take: &mut impl FnMut(usize, usize, V),
) {
    for i in 0..ROWS {
        for w in 0..WIDTH {
            take(first + i, w, sums[i][w]);
        }
    }
}
