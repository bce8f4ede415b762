//! Eight numbers in the registers of AVX2 and AVX-512.
#![expect(unsafe_code, reason = "intrinsics: these types are used only where the processor has the set")]

use std::arch::x86_64::{
    __m256d, __m512d, _mm256_add_pd, _mm256_fmadd_pd, _mm256_fnmadd_pd, _mm256_loadu_pd, _mm256_mul_pd,
    _mm256_set1_pd, _mm256_storeu_pd, _mm256_sub_pd, _mm512_add_pd, _mm512_fmadd_pd, _mm512_fnmadd_pd,
    _mm512_loadu_pd, _mm512_mul_pd, _mm512_set1_pd, _mm512_storeu_pd, _mm512_sub_pd,
};

use super::Lanes;
use super::kernel::Vector;

/// One register.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512d);

/// Two registers.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256d, __m256d);

// SAFETY of all blocks below: `kernel::run_on` compiles for these types only where the processor has the
// instruction set, and a `Lanes` is eight numbers that need no alignment.
impl Vector for Avx512 {
    const WIDTH: usize = 3;
    const ROWS: usize = 8;

    #[inline(always)]
    fn splat(number: f64) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_set1_pd(number) })
    }
    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_loadu_pd(lanes.as_ptr()) })
    }
    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        // SAFETY: see above
        unsafe { _mm512_storeu_pd(lanes.as_mut_ptr(), self.0) }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_fmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_fnmadd_pd(self.0, b.0, c.0) })
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_mul_pd(self.0, b.0) })
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_add_pd(self.0, b.0) })
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above
        Self(unsafe { _mm512_sub_pd(self.0, b.0) })
    }
}

impl Vector for Avx2 {
    const WIDTH: usize = 1;
    const ROWS: usize = 4;

    #[inline(always)]
    fn splat(number: f64) -> Self {
        // SAFETY: see above
        let half = unsafe { _mm256_set1_pd(number) };
        Self(half, half)
    }
    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        // SAFETY: see above
        unsafe { Self(_mm256_loadu_pd(lanes.as_ptr()), _mm256_loadu_pd(lanes[4..].as_ptr())) }
    }
    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        // SAFETY: see above
        unsafe {
            _mm256_storeu_pd(lanes.as_mut_ptr(), self.0);
            _mm256_storeu_pd(lanes[4..].as_mut_ptr(), self.1);
        }
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above
        unsafe { Self(_mm256_fmadd_pd(self.0, b.0, c.0), _mm256_fmadd_pd(self.1, b.1, c.1)) }
    }
    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: see above
        unsafe { Self(_mm256_fnmadd_pd(self.0, b.0, c.0), _mm256_fnmadd_pd(self.1, b.1, c.1)) }
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        // SAFETY: see above
        unsafe { Self(_mm256_mul_pd(self.0, b.0), _mm256_mul_pd(self.1, b.1)) }
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        // SAFETY: see above
        unsafe { Self(_mm256_add_pd(self.0, b.0), _mm256_add_pd(self.1, b.1)) }
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        // SAFETY: see above
        unsafe { Self(_mm256_sub_pd(self.0, b.0), _mm256_sub_pd(self.1, b.1)) }
    }
}
