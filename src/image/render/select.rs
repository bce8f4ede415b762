//! One of two values by a bit.

use std::ops::{BitAnd, BitOrAssign};

use multiversion::multiversion;

/// A value that is chosen or not: any number type, and words of bits that stand for others of their width.
pub trait Selectable: Copy + Send + Sync + 'static {
    /// Bits of as many coalitions as the value itself has bits, so that both fill a vector alike.
    type Word: Copy + Send + PartialEq + BitAnd<Output = Self::Word> + BitOrAssign;
    /// How many.
    const BITS: usize;
    /// No bit set.
    const NONE: Self::Word;
    /// All bits set.
    const ALL: Self::Word;

    /// One bit set.
    fn bit(number: usize) -> Self::Word;
}

macro_rules! selectable {
    ($($type:ty: $word:ty),*) => {$(
        impl Selectable for $type {
            type Word = $word;
            const BITS: usize = <$word>::BITS as usize;
            const NONE: $word = 0;
            const ALL: $word = <$word>::MAX;

            fn bit(number: usize) -> $word {
                1 << number
            }
        }
    )*};
}
selectable!(u8: u8, u16: u16, u32: u32, u64: u64, f32: u32, f64: u64);

/// Which of a few coalitions each region is part of: bit `j` for the `j`-th.
pub(super) struct RegionWords<T: Selectable> {
    /// Nobody's word, which has all bits, then those of the regions.
    words: Vec<T::Word>,
    /// Those of a row of pixels, and the regions there.
    row: Vec<T::Word>,
    regions: Vec<i32>,
}

impl<T: Selectable> RegionWords<T> {
    pub(super) fn new<'a>(coalitions: impl Iterator<Item = &'a [u64]>, n_regions: usize) -> Self {
        let mut words = vec![T::NONE; n_regions + 1];
        words[0] = T::ALL;
        for (number, coalition) in coalitions.enumerate() {
            let bit = T::bit(number);
            for (words, &present) in words[1..].chunks_mut(64).zip(coalition) {
                for (region, word) in words.iter_mut().enumerate() {
                    *word |= if present >> region & 1 == 1 { bit } else { T::NONE };
                }
            }
        }
        Self { words, row: Vec::new(), regions: Vec::new() }
    }

    /// The words of a row of pixels, each `repeats` times.
    pub(super) fn of_row(&mut self, regions: &[i32], repeats: usize) -> &[T::Word] {
        // Cells are more than a pixel high.
        if regions != self.regions {
            self.row.clear();
            for &region in regions {
                // From -1 on, as was checked.
                let word = self.words[usize::try_from(region + 1).unwrap_or(0)];
                self.row.extend(std::iter::repeat_n(word, repeats));
            }
            self.regions.clear();
            self.regions.extend_from_slice(regions);
        }
        &self.row
    }
}

/// The image where the bit is set, else the fill.
pub(super) fn select_row<T: Selectable>(
    words: &[T::Word],
    bit: usize,
    image: &[T],
    fill: &[T],
    out: &mut [T],
) {
    select(words, (T::bit(bit), T::NONE), image, fill, out);
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw", "x86_64+avx2", "aarch64+neon"))]
fn select<T: Copy, W: Copy + PartialEq + BitAnd<Output = W>>(
    words: &[W],
    (bit, none): (W, W),
    image: &[T],
    fill: &[T],
    out: &mut [T],
) {
    for (((out, &word), &image), &fill) in out.iter_mut().zip(words).zip(image).zip(fill) {
        *out = if word & bit == none { fill } else { image };
    }
}
