//! Doubles by sign and exponent: one page for each pair that occurred.

/// Sign (one bit) and exponent (eleven) of a double.
pub(super) type Key = u16;
/// Keys there are.
const KEYS: usize = 1 << 12;
/// No page yet.
const NOWHERE: u16 = u16::MAX;
/// The exponent of infinities and NaN, which have no page.
const NOT_FINITE: Key = 0x7ff;

/// Pages in the order in which they were first needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages<P> {
    keys: Vec<Key>,
    pages: Vec<P>,
}

/// Where the page of each key is, while numbers are put in.
#[derive(Debug)]
pub(super) struct Places([u16; KEYS]);

impl<P: Default> Pages<P> {
    /// Find out where each page is.
    pub(super) fn places(&self) -> Places {
        let mut places = Places([NOWHERE; KEYS]);
        for (place, &key) in (0..).zip(&self.keys) {
            places.0[usize::from(key)] = place;
        }
        places
    }

    /// Call `add(page, bits)` with the page of each number; numbers that are not finite go to `other`.
    #[inline]
    pub(super) fn put(
        &mut self,
        places: &mut Places,
        numbers: &[f64],
        add: impl Fn(&mut P, u64) + Copy,
        mut other: impl FnMut(f64),
    ) {
        let mut rest = numbers;
        loop {
            rest = &rest[put_known(rest, &places.0, &mut self.pages, add)..];
            let Some((&number, after)) = rest.split_first() else { break };
            if number.is_finite() {
                let key = key(number.to_bits());
                // There are fewer pages than keys, and fewer keys than places.
                places.0[usize::from(key)] = u16::try_from(self.pages.len()).unwrap_or(NOWHERE);
                self.push(key, P::default());
            } else {
                other(number);
                rest = after;
            }
        }
    }

    /// Put in the page of a key that has none.
    pub(super) fn push(&mut self, key: Key, page: P) {
        self.keys.push(key);
        self.pages.push(page);
    }

    /// The page of a key, a new one if it has none.
    pub(super) fn page(&mut self, key: Key) -> &mut P {
        let place = self.keys.iter().position(|&own| own == key).unwrap_or_else(|| {
            self.push(key, P::default());
            self.pages.len() - 1
        });
        &mut self.pages[place]
    }

    /// All pages with their keys, those of the smallest keys first.
    pub(super) fn sorted(&self) -> Vec<(Key, &P)> {
        let mut pages: Vec<_> = self.keys.iter().copied().zip(&self.pages).collect();
        pages.sort_unstable_by_key(|&(key, _)| key);
        pages
    }
}

/// Put numbers in until one has no page; return how many there were before.
///
/// A function of its own, over slices: so the compiler knows that no store moves a page.
#[inline]
fn put_known<P>(numbers: &[f64], places: &[u16; KEYS], pages: &mut [P], add: impl Fn(&mut P, u64)) -> usize {
    for (count, number) in numbers.iter().enumerate() {
        let bits = number.to_bits();
        let Some(page) = pages.get_mut(usize::from(places[usize::from(key(bits))])) else { return count };
        add(page, bits);
    }
    numbers.len()
}

/// Sign and exponent of a double.
#[inline]
pub(super) fn key(bits: u64) -> Key {
    (bits >> 52) as Key
}

/// The whole number `m` of a double `m * 2^(shift - 1074)`, without its sign.
#[inline]
pub(super) fn mantissa(bits: u64) -> u64 {
    let is_normal = bits << 1 >> 53 != 0;
    bits & ((1 << 52) - 1) | u64::from(is_normal) << 52
}

/// The `shift` above.
#[inline]
pub(super) fn shift(key: Key) -> usize {
    usize::from((key & NOT_FINITE).max(1)) - 1
}

/// Whether the numbers of a page are negative.
pub(super) fn is_negative(key: Key) -> bool {
    key > NOT_FINITE
}

/// Whether a number that was read can be the key of a page.
pub(super) fn is_key(key: Key) -> bool {
    usize::from(key) < KEYS && key & NOT_FINITE != NOT_FINITE
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn a_double_is_its_mantissa_times_a_power_of_two() {
        for value in [1.0, -1.5, 1e-310, -f64::MIN_POSITIVE, 5e-324, f64::MAX, 0.0] {
            let (bits, key) = (f64::to_bits(value), key(f64::to_bits(value)));
            let sign = if is_negative(key) { -1.0 } else { 1.0 };
            // Two steps, for 2^-1074 times the largest shift is no double.
            let shift = i32::try_from(shift(key)).unwrap() - 1074;
            let whole = mantissa(bits) as f64;
            assert_eq!(sign * whole * 2.0_f64.powi(shift / 2) * 2.0_f64.powi(shift - shift / 2), value);
        }
    }

    #[test]
    fn each_number_goes_to_the_page_of_its_exponent() {
        let mut pages = Pages::<u64>::default();
        pages.push(1023, 10);
        let mut others = Vec::new();
        let numbers = [1.0, 1.5, -1.0, f64::INFINITY, 2.0, 3.9, f64::NAN, 1.0];
        let mut places = pages.places();
        pages.put(&mut places, &numbers, |page, _| *page += 1, |other| others.push(other.is_nan()));
        assert_eq!(pages.sorted(), [(1023, &13), (1024, &2), (3071, &1)]);
        assert_eq!(others, [false, true]);
        assert_eq!(*pages.page(1024), 2);
        assert_eq!(*pages.page(7), 0);
    }
}
