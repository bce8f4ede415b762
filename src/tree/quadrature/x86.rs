//! Vectors of AVX2 and AVX-512, in both precisions.
#![allow(clippy::wildcard_imports, reason = "sixty intrinsics, each used once or twice")]
#![expect(
    unsafe_code,
    reason = "intrinsics behind a token: a value of these types is made only where the processor has the set"
)]

use std::arch::x86_64::*;
use std::marker::PhantomData;

use super::lanes::{Job, Lanes};

/// 512-bit vectors.
#[derive(Clone, Copy)]
pub(in crate::tree) struct Avx512<T>(PhantomData<T>);

/// 256-bit vectors.
#[derive(Clone, Copy)]
pub(in crate::tree) struct Avx2<T>(PhantomData<T>);

impl<T> Avx512<T> {
    /// # Safety
    /// The processor has AVX-512 F, BW, DQ and VL.
    pub(in crate::tree) unsafe fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Avx2<T> {
    /// # Safety
    /// The processor has AVX2 and FMA.
    pub(in crate::tree) unsafe fn new() -> Self {
        Self(PhantomData)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
fn in_avx512<S: Lanes, J: Job<S>>(lanes: S, job: J) {
    job.work(lanes);
}

#[target_feature(enable = "avx2,fma")]
fn in_avx2<S: Lanes, J: Job<S>>(lanes: S, job: J) {
    job.work(lanes);
}

// SAFETY of all blocks below: `self` is the proof that the processor has the instruction set, and slices are cut to
// the lanes of a vector before their pointers are taken.
macro_rules! lanes {
    ($token:ident, $real:ty, $lanes:literal, $vector:ty, $mask:ty, $run:ident, $splat:ident, $load:ident, $store:ident, $add:ident,
     $sub:ident, $mul:ident, $fma:ident, $fnma:ident, $and:expr, $and_not:expr, $select:expr, $bits:expr, $compare:ident) => {
        impl Lanes for $token<$real> {
            type Real = $real;
            type Vector = $vector;
            type Mask = $mask;
            const LANES: usize = $lanes;
            const UNROLLED: bool = true;

            #[inline(always)]
            fn splat(self, value: $real) -> $vector {
                // SAFETY: see above
                unsafe { $splat(value) }
            }
            #[inline(always)]
            fn load(self, from: &[$real]) -> $vector {
                // SAFETY: see above
                unsafe { $load(from[..$lanes].as_ptr()) }
            }
            #[inline(always)]
            fn store(self, vector: $vector, to: &mut [$real]) {
                // SAFETY: see above
                unsafe { $store(to[..$lanes].as_mut_ptr(), vector) }
            }
            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: see above
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                // SAFETY: see above
                unsafe { $fma(a, b, c) }
            }
            #[inline(always)]
            fn neg_mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                // SAFETY: see above
                unsafe { $fnma(a, b, c) }
            }
            #[inline(always)]
            fn at_most(self, codes: &[f32], threshold: f32) -> $mask {
                // SAFETY: see above
                unsafe { $compare::<_CMP_LE_OQ>(codes, threshold) }
            }
            #[inline(always)]
            fn not_above(self, codes: &[f32], threshold: f32) -> $mask {
                // SAFETY: see above
                unsafe { $compare::<_CMP_NGT_UQ>(codes, threshold) }
            }
            #[inline(always)]
            fn mask(self, bits: u16) -> $mask {
                $bits(self, bits)
            }
            #[inline(always)]
            fn and(self, a: $mask, b: $mask) -> $mask {
                // SAFETY: see above
                unsafe { $and(a, b) }
            }
            #[inline(always)]
            fn and_not(self, a: $mask, b: $mask) -> $mask {
                // SAFETY: see above
                unsafe { $and_not(b, a) }
            }
            #[inline(always)]
            fn select(self, mask: $mask, yes: $vector, no: $vector) -> $vector {
                // SAFETY: see above
                unsafe { $select(mask, no, yes) }
            }
            fn run<J: Job<Self>>(self, job: J) {
                // SAFETY: see above
                unsafe { $run(self, job) }
            }
        }
    };
}

lanes!(
    Avx512,
    f32,
    16,
    __m512,
    __mmask16,
    in_avx512,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_fmadd_ps,
    _mm512_fnmadd_ps,
    _kand_mask16,
    _kandn_mask16,
    _mm512_mask_blend_ps,
    word,
    compare_16
);
lanes!(
    Avx512,
    f64,
    8,
    __m512d,
    __mmask8,
    in_avx512,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_fmadd_pd,
    _mm512_fnmadd_pd,
    _kand_mask8,
    _kandn_mask8,
    _mm512_mask_blend_pd,
    low_byte,
    compare_8
);
lanes!(
    Avx2,
    f32,
    8,
    __m256,
    __m256,
    in_avx2,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_fmadd_ps,
    _mm256_fnmadd_ps,
    _mm256_and_ps,
    _mm256_andnot_ps,
    blend_ps,
    spread_8,
    compare_8_wide
);
lanes!(
    Avx2,
    f64,
    4,
    __m256d,
    __m256d,
    in_avx2,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_fmadd_pd,
    _mm256_fnmadd_pd,
    _mm256_and_pd,
    _mm256_andnot_pd,
    blend_pd,
    spread_4,
    compare_4_wide
);

#[inline(always)]
fn word(_: Avx512<f32>, bits: u16) -> __mmask16 {
    bits
}

#[inline(always)]
fn low_byte(_: Avx512<f64>, bits: u16) -> __mmask8 {
    bits.to_le_bytes()[0]
}

#[inline(always)]
unsafe fn blend_ps(mask: __m256, no: __m256, yes: __m256) -> __m256 {
    // SAFETY: the caller has AVX2
    unsafe { _mm256_blendv_ps(no, yes, mask) }
}

#[inline(always)]
unsafe fn blend_pd(mask: __m256d, no: __m256d, yes: __m256d) -> __m256d {
    // SAFETY: the caller has AVX2
    unsafe { _mm256_blendv_pd(no, yes, mask) }
}

#[inline(always)]
fn spread_8(_: Avx2<f32>, bits: u16) -> __m256 {
    // SAFETY: the token's processor has AVX2
    unsafe {
        let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let set = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), lanes);
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lanes))
    }
}

#[inline(always)]
fn spread_4(_: Avx2<f64>, bits: u16) -> __m256d {
    // SAFETY: the token's processor has AVX2
    unsafe {
        let lanes = _mm256_setr_epi64x(1, 2, 4, 8);
        let set = _mm256_and_si256(_mm256_set1_epi64x(i64::from(bits)), lanes);
        _mm256_castsi256_pd(_mm256_cmpeq_epi64(set, lanes))
    }
}

#[inline(always)]
unsafe fn compare_16<const HOW: i32>(codes: &[f32], threshold: f32) -> __mmask16 {
    // SAFETY: the caller has AVX-512, and the slice is cut to 16 lanes
    unsafe { _mm512_cmp_ps_mask::<HOW>(_mm512_loadu_ps(codes[..16].as_ptr()), _mm512_set1_ps(threshold)) }
}

#[inline(always)]
unsafe fn compare_8<const HOW: i32>(codes: &[f32], threshold: f32) -> __mmask8 {
    // SAFETY: the caller has AVX-512 VL, and the slice is cut to 8 lanes
    unsafe { _mm256_cmp_ps_mask::<HOW>(_mm256_loadu_ps(codes[..8].as_ptr()), _mm256_set1_ps(threshold)) }
}

#[inline(always)]
unsafe fn compare_8_wide<const HOW: i32>(codes: &[f32], threshold: f32) -> __m256 {
    // SAFETY: the caller has AVX2, and the slice is cut to 8 lanes
    unsafe { _mm256_cmp_ps::<HOW>(_mm256_loadu_ps(codes[..8].as_ptr()), _mm256_set1_ps(threshold)) }
}

#[inline(always)]
unsafe fn compare_4_wide<const HOW: i32>(codes: &[f32], threshold: f32) -> __m256d {
    // SAFETY: the caller has AVX2, and the slice is cut to 4 lanes
    unsafe {
        let lanes = _mm_cmp_ps::<HOW>(_mm_loadu_ps(codes[..4].as_ptr()), _mm_set1_ps(threshold));
        _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm_castps_si128(lanes)))
    }
}
