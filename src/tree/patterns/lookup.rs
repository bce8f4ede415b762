//! Looking up a lane's table for the patterns of many rows, and adding what is found.
//!
//! Two layouts hold the same numbers. *Plain*: one number a pattern. *Planes*: first the lowest byte of all numbers,
//! then the next, so that one byte permute looks up 64 rows at once; the planes are then interleaved within lanes
//! of 128 bits, which leaves the rows of a block in the order [`Number::row_at`].

use std::ops::AddAssign;

use crate::simd::InstructionSet;
use crate::tree::decisions::STEP;
use crate::tree::decisions::bytes::{Narrow, Wide};
use crate::tree::encode::ROWS_PER_BLOCK;

/// 64 bytes at an address that is a multiple of 64.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Line(pub(super) [u8; 64]);

/// How the tables of groups with at most eight bits are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Plain,
    Planes,
}

impl Layout {
    /// The faster one.
    pub(super) fn of(set: InstructionSet) -> Self {
        #[cfg(target_arch = "x86_64")]
        if set == InstructionSet::Avx512 && is_x86_feature_detected!("avx512vbmi") {
            return Self::Planes;
        }
        let _ = set;
        Self::Plain
    }

    /// Where in a block the row stands whose sum is at `position`.
    pub(super) fn row_at<T: Number>(self, position: usize) -> usize {
        match self {
            Self::Plain => position,
            Self::Planes => T::row_at(position),
        }
    }

    /// Add the sums of a block to its rows.
    pub(super) fn flush<T: Number>(self, sums: &[T; ROWS_PER_BLOCK], rows: &mut [f64]) {
        let run = 16 / size_of::<T>(); // sums that stand side by side in either layout
        for (number, sums) in sums.chunks_exact(run).enumerate() {
            let rows = &mut rows[self.row_at::<T>(number * run)..][..run];
            rows.iter_mut().zip(sums).for_each(|(row, &sum)| *row += sum.into());
        }
    }
}

/// A float that tables hold and rows are summed in.
pub trait Number: Copy + Default + AddAssign + Into<f64> + Send + Sync + std::fmt::Debug + 'static {
    /// Round to it.
    fn of(value: f64) -> Self;
    /// Its bytes, the lowest first.
    fn bytes(self) -> impl AsRef<[u8]>;
    /// Where in a block the row stands that interleaved planes have at `position`.
    fn row_at(position: usize) -> usize {
        let (sixteenth, of_vector) = (64 / size_of::<Self>(), 16 / size_of::<Self>());
        let (vector, lane, element) =
            (position / sixteenth, position % sixteenth / of_vector, position % of_vector);
        lane * 16 + vector * of_vector + element
    }
    /// Add what planes of `64 * lines / bytes` numbers hold for `patterns`.
    #[doc(hidden)]
    fn add_planes(planes: &[Line], patterns: &[[u8; ROWS_PER_BLOCK]], sums: &mut [[Self; ROWS_PER_BLOCK]]);
}

impl Number for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what was asked for")]
    fn of(value: f64) -> Self {
        value as Self
    }

    fn bytes(self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }

    fn add_planes(planes: &[Line], patterns: &[[u8; ROWS_PER_BLOCK]], sums: &mut [[Self; ROWS_PER_BLOCK]]) {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "entry into code for this instruction set")]
        // SAFETY: planes are made only where the processor has these instructions.
        unsafe {
            match planes.len() {
                4 => x86::add_singles::<1>(planes, patterns, sums),
                8 => x86::add_singles::<2>(planes, patterns, sums),
                _ => x86::add_singles::<4>(planes, patterns, sums),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("{planes:?} {patterns:?} {sums:?}: there are no planes here");
    }
}

impl Number for f64 {
    fn of(value: f64) -> Self {
        value
    }

    fn bytes(self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }

    fn add_planes(planes: &[Line], patterns: &[[u8; ROWS_PER_BLOCK]], sums: &mut [[Self; ROWS_PER_BLOCK]]) {
        #[cfg(target_arch = "x86_64")]
        #[expect(unsafe_code, reason = "entry into code for this instruction set")]
        // SAFETY: planes are made only where the processor has these instructions.
        unsafe {
            match planes.len() {
                8 => x86::add_doubles::<1>(planes, patterns, sums),
                16 => x86::add_doubles::<2>(planes, patterns, sums),
                _ => x86::add_doubles::<4>(planes, patterns, sums),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("{planes:?} {patterns:?} {sums:?}: there are no planes here");
    }
}

/// Write a lane's numbers as planes of whole lines.
pub(super) fn to_planes<T: Number>(numbers: impl ExactSizeIterator<Item = T>, out: &mut [Line]) {
    let lines = out.len() / size_of::<T>(); // of one plane
    for (pattern, number) in numbers.enumerate() {
        for (plane, &byte) in number.bytes().as_ref().iter().enumerate() {
            out[plane * lines + pattern / 64].0[pattern % 64] = byte;
        }
    }
}

/// Add what a plain table of a narrow group holds.
pub(super) fn add_plain<T: Number>(
    set: InstructionSet,
    table: &[T],
    patterns: &[[u8; ROWS_PER_BLOCK]],
    sums: &mut [[T; ROWS_PER_BLOCK]],
) {
    macro_rules! sized {
        ($($size:literal),*) => {
            match table.len() {
                $($size => add_sized::<T, $size>(table.try_into().expect("its length"), patterns, sums),)*
                n => unreachable!("{n} patterns of at most eight bits"),
            }
        };
    }
    let _ = set;
    sized!(1, 2, 4, 8, 16, 32, 64, 128, 256);
}

fn add_sized<T: Number, const N: usize>(
    table: &[T; N],
    patterns: &[[u8; ROWS_PER_BLOCK]],
    sums: &mut [[T; ROWS_PER_BLOCK]],
) {
    for (patterns, sums) in patterns.iter().zip(sums) {
        for (&pattern, sum) in patterns.iter().zip(sums) {
            *sum += table[pattern as usize & (N - 1)];
        }
    }
}

/// Add what the plain table of a wide group holds; `patterns` stand in the order of the sums.
pub(super) fn add_wide<T: Number>(
    table: &[T],
    patterns: &[[u16; ROWS_PER_BLOCK]],
    sums: &mut [[T; ROWS_PER_BLOCK]],
) {
    for (patterns, sums) in patterns.iter().zip(sums) {
        for (&pattern, sum) in patterns.iter().zip(sums) {
            *sum += table[pattern as usize];
        }
    }
}

/// Bring wide patterns into the order of the sums.
pub(super) fn reorder<T: Number>(layout: Layout, patterns: &mut Wide) {
    if layout == Layout::Planes {
        for patterns in patterns.iter_mut() {
            let natural = *patterns;
            for (position, pattern) in patterns.iter_mut().enumerate() {
                *pattern = natural[layout.row_at::<T>(position)];
            }
        }
    }
}

const _: () = assert!(size_of::<Narrow>() == STEP * ROWS_PER_BLOCK, "patterns of a step");

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "loads and stores of whole lines")]
mod x86 {
    #[allow(clippy::wildcard_imports, reason = "intrinsics; the lint sleeps where tests are compiled")]
    use std::arch::x86_64::*;

    use super::{Line, ROWS_PER_BLOCK};

    /// Tables lie in the order in which they are read, but come from memory: lines of the tables to follow that are
    /// asked for in advance.
    const AHEAD: usize = 32;

    /// Look 64 patterns up in one plane of 64, 128 or 256 bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn byte<const LINES: usize>(plane: &[__m512i; LINES], patterns: __m512i) -> __m512i {
        match LINES {
            1 => _mm512_permutexvar_epi8(patterns, plane[0]),
            2 => _mm512_permutex2var_epi8(plane[0], patterns, plane[1]),
            _ => {
                let low = _mm512_permutex2var_epi8(plane[0], patterns, plane[1]);
                let high = _mm512_permutex2var_epi8(plane[2], patterns, plane[3]);
                _mm512_mask_blend_epi8(_mm512_movepi8_mask(patterns), low, high)
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(line: &[u8; 64]) -> __m512i {
        // SAFETY: 64 bytes are read.
        unsafe { _mm512_loadu_si512(line.as_ptr().cast()) }
    }

    /// The planes, as registers.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn planes<const LINES: usize, const PLANES: usize>(lines: &[Line]) -> [[__m512i; LINES]; PLANES] {
        for ahead in 0..LINES * PLANES {
            #[allow(unused_unsafe, reason = "safe since Rust 1.9x")]
            // SAFETY: prefetching any address is harmless.
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(lines.as_ptr().wrapping_add(AHEAD + ahead).cast());
            };
        }
        let mut planes = [[_mm512_setzero_si512(); LINES]; PLANES];
        for (plane, lines) in planes.iter_mut().zip(lines.chunks_exact(LINES)) {
            for (register, line) in plane.iter_mut().zip(lines) {
                *register = load(&line.0);
            }
        }
        planes
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub(super) fn add_singles<const LINES: usize>(
        lines: &[Line],
        patterns: &[[u8; ROWS_PER_BLOCK]],
        sums: &mut [[f32; ROWS_PER_BLOCK]],
    ) {
        let planes = planes::<LINES, 4>(lines);
        for (patterns, sums) in patterns.iter().zip(sums) {
            let patterns = load(patterns);
            let [b0, b1, b2, b3] = [
                byte(&planes[0], patterns),
                byte(&planes[1], patterns),
                byte(&planes[2], patterns),
                byte(&planes[3], patterns),
            ];
            let (low01, high01) = (_mm512_unpacklo_epi8(b0, b1), _mm512_unpackhi_epi8(b0, b1));
            let (low23, high23) = (_mm512_unpacklo_epi8(b2, b3), _mm512_unpackhi_epi8(b2, b3));
            let found = [
                _mm512_unpacklo_epi16(low01, low23),
                _mm512_unpackhi_epi16(low01, low23),
                _mm512_unpacklo_epi16(high01, high23),
                _mm512_unpackhi_epi16(high01, high23),
            ];
            for (vector, found) in found.into_iter().enumerate() {
                // SAFETY: four vectors of 16 sums are a block.
                unsafe {
                    let place = sums.as_mut_ptr().add(16 * vector);
                    let sum = _mm512_add_ps(_mm512_loadu_ps(place), _mm512_castsi512_ps(found));
                    _mm512_storeu_ps(place, sum);
                }
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub(super) fn add_doubles<const LINES: usize>(
        lines: &[Line],
        patterns: &[[u8; ROWS_PER_BLOCK]],
        sums: &mut [[f64; ROWS_PER_BLOCK]],
    ) {
        let planes = planes::<LINES, 8>(lines);
        for (patterns, sums) in patterns.iter().zip(sums) {
            let patterns = load(patterns);
            let mut bytes = [_mm512_setzero_si512(); 8];
            for (bytes, plane) in bytes.iter_mut().zip(&planes) {
                *bytes = byte(plane, patterns);
            }
            let (low, high) = (quads(&bytes, 0), quads(&bytes, 4));
            for half in 0..4 {
                let found = [
                    _mm512_unpacklo_epi32(low[half], high[half]),
                    _mm512_unpackhi_epi32(low[half], high[half]),
                ];
                for (vector, found) in found.into_iter().enumerate() {
                    // SAFETY: eight vectors of 8 sums are a block.
                    unsafe {
                        let place = sums.as_mut_ptr().add(8 * (2 * half + vector));
                        let sum = _mm512_add_pd(_mm512_loadu_pd(place), _mm512_castsi512_pd(found));
                        _mm512_storeu_pd(place, sum);
                    }
                }
            }
        }
    }

    /// Four planes interleaved to words of four bytes.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn quads(bytes: &[__m512i; 8], first: usize) -> [__m512i; 4] {
        let [b0, b1, b2, b3] = [bytes[first], bytes[first + 1], bytes[first + 2], bytes[first + 3]];
        let (low01, high01) = (_mm512_unpacklo_epi8(b0, b1), _mm512_unpackhi_epi8(b0, b1));
        let (low23, high23) = (_mm512_unpacklo_epi8(b2, b3), _mm512_unpackhi_epi8(b2, b3));
        [
            _mm512_unpacklo_epi16(low01, low23),
            _mm512_unpackhi_epi16(low01, low23),
            _mm512_unpacklo_epi16(high01, high23),
            _mm512_unpackhi_epi16(high01, high23),
        ]
    }
}
