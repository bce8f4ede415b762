//! Vectors as arrays, for every processor: the compiler finds what instructions it may.

use std::marker::PhantomData;

use super::lanes::{Job, Lanes, Number};

const LANES: usize = 8;

/// Arrays of 8 numbers.
#[derive(Clone, Copy)]
pub(in crate::tree) struct Arrays<T> {
    has_fma: bool,
    number: PhantomData<T>,
}

impl<T> Arrays<T> {
    pub(in crate::tree) fn new() -> Self {
        #[cfg(target_arch = "x86_64")]
        let has_fma = is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx");
        #[cfg(not(target_arch = "x86_64"))]
        let has_fma = false; // either in the target's baseline, or a call of the library: the same bits
        Self { has_fma, number: PhantomData }
    }
}

/// Fused multiply-adds of both precisions.
pub(in crate::tree) trait Fused: Number {
    fn fused(self, b: Self, c: Self) -> Self;
    fn minus(self, b: Self) -> Self;
    fn plus(self, b: Self) -> Self;
    fn times(self, b: Self) -> Self;
    fn negative(self) -> Self;
}

macro_rules! fused {
    ($real:ty) => {
        impl Fused for $real {
            #[inline(always)]
            fn fused(self, b: Self, c: Self) -> Self {
                self.mul_add(b, c)
            }
            #[inline(always)]
            fn minus(self, b: Self) -> Self {
                self - b
            }
            #[inline(always)]
            fn plus(self, b: Self) -> Self {
                self + b
            }
            #[inline(always)]
            fn times(self, b: Self) -> Self {
                self * b
            }
            #[inline(always)]
            fn negative(self) -> Self {
                -self
            }
        }
    };
}

fused!(f32);
fused!(f64);

#[inline(always)]
fn each<T, U: Copy + Default>(a: [T; LANES], b: [T; LANES], f: impl Fn(T, T) -> U) -> [U; LANES]
where
    T: Copy,
{
    let mut out = [U::default(); LANES];
    for lane in 0..LANES {
        out[lane] = f(a[lane], b[lane]);
    }
    out
}

#[inline(always)]
fn compare(codes: &[f32], f: impl Fn(f32) -> bool) -> [bool; LANES] {
    let codes: &[f32; LANES] = codes.first_chunk().expect("a vector of codes");
    let mut out = [false; LANES];
    for lane in 0..LANES {
        out[lane] = f(codes[lane]);
    }
    out
}

impl<T: Fused> Lanes for Arrays<T> {
    type Real = T;
    type Vector = [T; LANES];
    type Mask = [bool; LANES];
    const LANES: usize = LANES;
    const UNROLLED: bool = false;

    #[inline(always)]
    fn splat(self, value: T) -> [T; LANES] {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, from: &[T]) -> [T; LANES] {
        *from.first_chunk().expect("a vector of numbers")
    }
    #[inline(always)]
    fn store(self, vector: [T; LANES], to: &mut [T]) {
        *to.first_chunk_mut().expect("room for a vector") = vector;
    }
    #[inline(always)]
    fn add(self, a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        each(a, b, T::plus)
    }
    #[inline(always)]
    fn sub(self, a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        each(a, b, T::minus)
    }
    #[inline(always)]
    fn mul(self, a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        each(a, b, T::times)
    }
    #[inline(always)]
    fn mul_add(self, a: [T; LANES], b: [T; LANES], c: [T; LANES]) -> [T; LANES] {
        let mut out = c;
        for lane in 0..LANES {
            out[lane] = a[lane].fused(b[lane], c[lane]);
        }
        out
    }
    #[inline(always)]
    fn neg_mul_add(self, a: [T; LANES], b: [T; LANES], c: [T; LANES]) -> [T; LANES] {
        let mut out = c;
        for lane in 0..LANES {
            out[lane] = a[lane].negative().fused(b[lane], c[lane]);
        }
        out
    }
    #[inline(always)]
    fn at_most(self, codes: &[f32], threshold: f32) -> [bool; LANES] {
        compare(codes, |code| code <= threshold)
    }
    #[inline(always)]
    fn not_above(self, codes: &[f32], threshold: f32) -> [bool; LANES] {
        compare(codes, |code| code <= threshold || code.is_nan())
    }
    #[inline(always)]
    fn mask(self, bits: u16) -> [bool; LANES] {
        let mut out = [false; LANES];
        for (lane, out) in out.iter_mut().enumerate() {
            *out = bits >> lane & 1 == 1;
        }
        out
    }
    #[inline(always)]
    fn and(self, a: [bool; LANES], b: [bool; LANES]) -> [bool; LANES] {
        each(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn and_not(self, a: [bool; LANES], b: [bool; LANES]) -> [bool; LANES] {
        each(a, b, |a, b| a && !b)
    }
    #[inline(always)]
    fn select(self, mask: [bool; LANES], yes: [T; LANES], no: [T; LANES]) -> [T; LANES] {
        let mut out = no;
        for lane in 0..LANES {
            out[lane] = if mask[lane] { yes[lane] } else { no[lane] };
        }
        out
    }
    fn run<J: Job<Self>>(self, job: J) {
        #[cfg(target_arch = "x86_64")]
        if self.has_fma {
            #[expect(unsafe_code, reason = "the entry into code for processors with FMA")]
            // SAFETY: `has_fma` was asked of this processor.
            return unsafe { with_fma(self, job) };
        }
        job.work(self);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx,fma")]
fn with_fma<T: Fused, J: Job<Arrays<T>>>(lanes: Arrays<T>, job: J) {
    job.work(lanes);
}
