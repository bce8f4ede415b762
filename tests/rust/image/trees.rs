//! The partition tree, judged by merging sets of pixels.

use std::collections::BTreeMap;

use ferroshap::image::{Linkage, Shape, axis_tree, cells, partition_tree};
use ferroshap::parallel::{Cancel, Workers};
use ferroshap::random::mix;

use super::{around, noise, patches, random_shape, stream};

fn tree(colours: &[u8], shape: Shape, regions: &[i32], n_threads: usize) -> Linkage {
    let n_regions = usize::try_from(regions.iter().max().unwrap() + 1).unwrap();
    let cancel = Cancel::default();
    partition_tree(colours, shape, regions, n_regions, &Workers::new(n_threads, &cancel)).unwrap()
}

/// Pixels, the mean of their colours, and their squared deviations with 100 for each pixel: updated as two sets of
/// pixels become one, in single precision, which is part of the definition.
#[derive(Clone)]
struct Moments {
    area: f32,
    mean: Vec<f32>,
    deviations: f32,
}

impl Moments {
    fn of_pixel(colour: &[u8]) -> Self {
        Self { area: 1.0, mean: colour.iter().map(|&byte| f32::from(byte)).collect(), deviations: 100.0 }
    }

    fn with(&self, other: &Self) -> Self {
        let area = self.area + other.area;
        let pairs = || self.mean.iter().zip(&other.mean);
        let apart: f32 = pairs().map(|(a, b)| (a - b) * (a - b)).sum();
        Self {
            area,
            mean: pairs().map(|(a, b)| a + (b - a) * (other.area / area)).collect(),
            deviations: self.deviations + other.deviations + apart * (self.area * other.area / area),
        }
    }
}

/// Regions that merge, each pixel with the number of its own.
struct Map<'a> {
    colours: &'a [u8],
    shape: Shape,
    regions: Vec<i32>,
    moments: BTreeMap<i32, Moments>,
}

impl<'a> Map<'a> {
    fn new(colours: &'a [u8], shape: Shape, regions: &[i32]) -> Self {
        let mut moments: BTreeMap<i32, Moments> = BTreeMap::new();
        for (colour, &region) in colours.chunks(shape.n_channels).zip(regions) {
            let pixel = Moments::of_pixel(colour);
            moments.entry(region).and_modify(|known| *known = known.with(&pixel)).or_insert(pixel);
        }
        Self { colours, shape, regions: regions.to_vec(), moments }
    }

    /// Squared deviations from the mean, pixel by pixel.
    fn deviations(&self, region: i32) -> f64 {
        let pixels = self.pixels(&[region]);
        let of_channel = |channel: usize| {
            let bytes =
                || pixels.iter().map(|p| f64::from(self.colours[p * self.shape.n_channels + channel]));
            let mean = bytes().sum::<f64>() / pixels.len() as f64;
            bytes().map(|byte| (byte - mean).powi(2)).sum::<f64>()
        };
        (0..self.shape.n_channels).map(of_channel).sum::<f64>() + 100.0 * pixels.len() as f64
    }
}

impl Map<'_> {
    fn pixels(&self, members: &[i32]) -> Vec<usize> {
        (0..self.regions.len()).filter(|&pixel| members.contains(&self.regions[pixel])).collect()
    }

    /// Edges of pixels that part these regions from all else.
    fn perimeter(&self, members: &[i32]) -> usize {
        let is_inside =
            |pixel: Option<usize>| pixel.is_some_and(|pixel| members.contains(&self.regions[pixel]));
        let pixels = self.pixels(members);
        pixels.iter().map(|&pixel| around(pixel, self.shape).filter(|&next| !is_inside(next)).count()).sum()
    }

    fn touch(&self, a: i32, b: i32) -> bool {
        let pixels = self.pixels(&[a]);
        pixels.iter().any(|&pixel| around(pixel, self.shape).flatten().any(|next| self.regions[next] == b))
    }

    fn key(&self, a: i32, b: i32) -> (u32, u32) {
        let (smaller, larger) = (&self.moments[&a.min(b)], &self.moments[&a.max(b)]);
        #[expect(clippy::cast_sign_loss, reason = "small; a hash's half")]
        let hash = (mix((a.min(b) as u64) << 32 | a.max(b) as u64) >> 32) as u32;
        let distance = smaller.with(larger).deviations * (self.perimeter(&[a, b]) as f32).sqrt();
        (distance.to_bits(), hash)
    }

    /// One round; what merged.
    fn round(&mut self, left: &[i32], next: &mut i32, in_line: bool) -> Vec<(i32, i32)> {
        let are_neighbours = |a: i32, b: i32| {
            let place = |region: i32| left.iter().position(|&other| other == region).unwrap();
            if in_line { place(a).abs_diff(place(b)) == 1 } else { a != b && self.touch(a, b) }
        };
        let pick = |a: i32| {
            let neighbours = left.iter().copied().filter(|&b| are_neighbours(a, b));
            neighbours.min_by_key(|&b| (self.key(a, b), b))
        };
        let picked: Vec<Option<i32>> = left.iter().map(|&a| pick(a)).collect();
        let pick_of = |a: i32| picked[left.iter().position(|&other| other == a).unwrap()];
        let mutual = |a: i32| pick_of(a).filter(|&b| a < b && pick_of(b) == Some(a)).map(|b| (a, b));
        let mut pairs: Vec<(i32, i32)> = left.iter().filter_map(|&a| mutual(a)).collect();
        pairs.sort_unstable();
        for &(a, b) in &pairs {
            let union = self.moments[&a].with(&self.moments[&b]);
            self.moments.insert(*next, union);
            self.regions
                .iter_mut()
                .filter(|region| [a, b].contains(region))
                .for_each(|region| *region = *next);
            let (kept, exact) = (f64::from(self.moments[next].deviations), self.deviations(*next));
            // Fewer than 64 unions, of a few roundings each.
            assert!(
                (kept - exact).abs() <= 64.0 * 8.0 * f64::from(f32::EPSILON) * exact,
                "{kept} for {exact}"
            );
            *next += 1;
        }
        pairs
    }
}

/// The definition. Regions that touch nothing stand in line, once no others are left.
fn by_definition(colours: &[u8], shape: Shape, regions: &[i32]) -> Linkage {
    let mut map = Map::new(colours, shape, regions);
    let mut next = regions.iter().max().unwrap() + 1;
    let mut left: Vec<i32> = (0..next).collect();
    let mut linkage = Linkage::default();
    let mut is_in_line = false;
    while left.len() > 1 {
        let first = next;
        let pairs = map.round(&left, &mut next, is_in_line);
        assert!(!(pairs.is_empty() && is_in_line), "nobody merged");
        if pairs.is_empty() {
            is_in_line = true;
            left.sort_unstable();
        }
        for (union, (a, b)) in (first..).zip(pairs) {
            linkage.left.push(u32::try_from(a).unwrap());
            linkage.right.push(u32::try_from(b).unwrap());
            // A union stands in line where its members stood.
            left.retain(|&region| region != b);
            left.iter_mut().filter(|region| **region == a).for_each(|region| *region = union);
        }
    }
    linkage
}

#[test]
fn trees_are_those_of_the_definition() {
    for seed in 0..150 {
        let mut stream = stream(seed);
        let shape = random_shape(7, &mut stream);
        let image = if seed % 3 == 0 { noise(shape, &mut stream) } else { patches(shape, &mut stream) };
        let cell = 1 + stream.index_below(3);
        let regions = cells(shape.height, shape.width, cell).unwrap();
        assert_eq!(tree(&image, shape, &regions, 1), by_definition(&image, shape, &regions), "seed {seed}");
    }
}

#[test]
fn any_map_of_regions_grows_a_tree() {
    for seed in 0..150 {
        let mut stream = stream(1000 + seed);
        let shape = random_shape(8, &mut stream);
        let image = patches(shape, &mut stream);
        // Scattered regions, some of them nobody's, numbered without gaps.
        let most = 1 + stream.below(9);
        let mut regions: Vec<i32> =
            (0..shape.n_pixels()).map(|_| i32::try_from(stream.below(most + 2)).unwrap() - 2).collect();
        regions[0] = 0;
        let mut numbers: Vec<i32> = regions.iter().copied().filter(|&region| region >= 0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for region in &mut regions {
            *region =
                numbers.iter().position(|number| number == region).map_or(-1, |p| i32::try_from(p).unwrap());
        }
        assert_eq!(tree(&image, shape, &regions, 1), by_definition(&image, shape, &regions), "seed {seed}");
    }
}

/// Number of leaves below each node, while every leaf must be below the root once.
fn areas(linkage: &Linkage, regions: &[i32]) -> Vec<usize> {
    let n_regions = linkage.left.len() + 1;
    let mut areas = vec![0; 2 * n_regions - 1];
    regions.iter().filter_map(|&region| usize::try_from(region).ok()).for_each(|region| areas[region] += 1);
    let mut has_parent = vec![false; areas.len()];
    for (inner, (&left, &right)) in linkage.left.iter().zip(&linkage.right).enumerate() {
        assert!(left < right && (right as usize) < n_regions + inner);
        for child in [left as usize, right as usize] {
            assert!(!std::mem::replace(&mut has_parent[child], true), "{child} has two parents");
        }
        areas[n_regions + inner] = areas[left as usize] + areas[right as usize];
    }
    areas
}

#[test]
fn nodes_join_neighbours_and_areas_add_up() {
    for seed in 0..20 {
        let mut stream = stream(2000 + seed);
        let shape = random_shape(40, &mut stream);
        let image = if seed % 2 == 0 { noise(shape, &mut stream) } else { patches(shape, &mut stream) };
        let mut regions = cells(shape.height, shape.width, 1 + stream.index_below(3)).unwrap();
        let linkage = tree(&image, shape, &regions, 1);
        assert_eq!(areas(&linkage, &regions).last(), Some(&shape.n_pixels()));
        for (inner, (&left, &right)) in linkage.left.iter().zip(&linkage.right).enumerate() {
            let [left, right, union] =
                [left, right, u32::try_from(linkage.left.len() + 1 + inner).unwrap()].map(u32::cast_signed);
            let joins = |pixel: usize| {
                regions[pixel] == left && around(pixel, shape).flatten().any(|next| regions[next] == right)
            };
            assert!((0..regions.len()).any(joins), "seed {seed}: {left} and {right} do not touch");
            regions.iter_mut().filter(|r| [left, right].contains(r)).for_each(|region| *region = union);
        }
        let mut leaves = linkage.walk().unwrap();
        leaves.retain(|&step| step >= 0);
        leaves.sort_unstable();
        assert!(leaves.into_iter().eq(0..i64::try_from(linkage.left.len() + 1).unwrap()));
    }
}

#[test]
fn threads_do_not_change_the_tree() {
    let mut stream = stream(3);
    let shape = Shape { height: 61, width: 90, n_channels: 3 };
    for image in [noise(shape, &mut stream), patches(shape, &mut stream), vec![7; shape.n_values()]] {
        let regions = cells(61, 90, 1).unwrap();
        let serial = tree(&image, shape, &regions, 1);
        assert!([2, 7].iter().all(|&n_threads| tree(&image, shape, &regions, n_threads) == serial));
    }
}

#[test]
fn many_channels_count() {
    let mut stream = stream(4);
    for n_channels in [4, 5, 16, 17, 130] {
        let shape = Shape { height: 4, width: 5, n_channels };
        let image = noise(shape, &mut stream);
        let regions = cells(4, 5, 1).unwrap();
        assert_eq!(tree(&image, shape, &regions, 1), by_definition(&image, shape, &regions), "{n_channels}");
    }
}

#[test]
fn what_is_no_map_of_regions_is_refused() {
    let shape = Shape { height: 2, width: 2, n_channels: 1 };
    let cancel = Cancel::default();
    let refused = |regions: &[i32], n_regions: usize, want: &str| {
        let message =
            partition_tree(&[0; 4], shape, regions, n_regions, &Workers::serial(&cancel)).unwrap_err();
        assert!(message.to_string().contains(want), "{message}");
    };
    refused(&[0, 1, 2, 4], 4, "4 somewhere");
    refused(&[0, 1, -2, 1], 2, "-2 somewhere");
    refused(&[0, 0, 2, 2], 3, "no pixel has the number 1");
    refused(&[-1; 4], 0, "-1 everywhere");
    refused(&[0; 3], 1, "length 3");
}

#[test]
fn the_tree_of_axes_has_the_cells_of_the_other() {
    let linkage = axis_tree(13, 6, 2).unwrap();
    let regions = cells(13, 6, 2).unwrap();
    assert_eq!(linkage.left.len(), 7 * 3 - 1);
    assert!(
        linkage
            .left
            .iter()
            .zip(&linkage.right)
            .enumerate()
            .all(|(i, (&l, &r))| { (l.max(r) as usize) < 21 + i })
    );
    assert_eq!(regions.iter().max(), Some(&20));
}
