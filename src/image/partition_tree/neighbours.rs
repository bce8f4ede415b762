//! Who touches whom, and along how many edges.

/// A neighbour of a region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// Its number.
    pub(super) region: u32,
    /// Edges of pixels between the two.
    pub(super) border: u32,
}

/// The neighbours of every region, one list after the other.
#[derive(Debug)]
pub(super) struct Neighbours {
    lists: Vec<Neighbour>,
    /// Where each region's list begins, and how long it is.
    places: Vec<(usize, u32)>,
    /// By region: where it stands in the list being written, if it does.
    seen: Vec<usize>,
}

impl Neighbours {
    /// Those of a map of regions, with room for all that they will merge into. O(pixels).
    pub(super) fn of(regions: &[i32], width: usize, n_regions: usize) -> Self {
        let mut counts = vec![0_u32; n_regions];
        each_border(regions, width, |a, b| {
            counts[a] += 1;
            counts[b] += 1;
        });
        let mut places = Vec::with_capacity(2 * n_regions);
        let mut total = 0;
        for &count in &counts {
            places.push((total, 0));
            total += count as usize;
        }
        let mut neighbours =
            Self { lists: vec![Neighbour::default(); total], places, seen: vec![usize::MAX; 2 * n_regions] };
        each_border(regions, width, |a, b| {
            neighbours.push(a, b);
            neighbours.push(b, a);
        });
        for region in 0..n_regions {
            neighbours.add_up(region);
        }
        neighbours
    }

    /// How many regions have a list.
    pub(super) fn n_regions(&self) -> usize {
        self.places.len()
    }

    /// The neighbours of a region.
    pub(super) fn list(&self, region: usize) -> &[Neighbour] {
        let (start, length) = self.places[region];
        &self.lists[start..start + length as usize]
    }

    /// Let a new region, the next number, have the neighbours of two, except themselves.
    pub(super) fn push_union(&mut self, a: usize, b: usize, now: &[u32]) {
        let start = self.lists.len();
        let union = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        for member in [a, b] {
            let (first, length) = self.places[member];
            for at in first..first + length as usize {
                let Neighbour { region, border } = self.lists[at];
                let region = now[region as usize];
                if region != union {
                    self.write(start, region, border);
                }
            }
        }
        self.places.push((start, u32::try_from(self.lists.len() - start).unwrap_or(u32::MAX)));
    }

    /// Give the neighbours of a region the numbers that they have now.
    pub(super) fn renumber(&mut self, region: usize, now: &[u32]) {
        let (start, length) = self.places[region];
        let mut end = start;
        for at in start..start + length as usize {
            let Neighbour { region, border } = self.lists[at];
            let number = now[region as usize];
            let place = self.seen[number as usize];
            if number != region && (start..end).contains(&place) && self.lists[place].region == number {
                self.lists[place].border += border;
            } else {
                self.seen[number as usize] = end;
                self.lists[end] = Neighbour { region: number, border };
                end += 1;
            }
        }
        self.places[region].1 = u32::try_from(end - start).unwrap_or(u32::MAX);
    }

    /// String regions together that touch nothing.
    pub(super) fn join_in_line(&mut self, regions: &[u32]) {
        for (at, &region) in regions.iter().enumerate() {
            let start = self.lists.len();
            let before = at.checked_sub(1).and_then(|before| regions.get(before));
            let both = before.into_iter().chain(regions.get(at + 1));
            self.lists.extend(both.map(|&region| Neighbour { region, border: 0 }));
            self.places[region as usize] =
                (start, u32::try_from(self.lists.len() - start).unwrap_or(u32::MAX));
        }
    }

    fn push(&mut self, region: usize, neighbour: usize) {
        let (start, length) = &mut self.places[region];
        let neighbour = u32::try_from(neighbour).unwrap_or(u32::MAX);
        self.lists[*start + *length as usize] = Neighbour { region: neighbour, border: 1 };
        *length += 1;
    }

    /// Let every neighbour stand in a region's list once.
    fn add_up(&mut self, region: usize) {
        let (start, length) = self.places[region];
        let mut end = start;
        for at in start..start + length as usize {
            let neighbour = self.lists[at];
            let place = self.seen[neighbour.region as usize];
            if (start..end).contains(&place) {
                self.lists[place].border += neighbour.border;
            } else {
                self.seen[neighbour.region as usize] = end;
                self.lists[end] = neighbour;
                end += 1;
            }
        }
        self.places[region].1 = u32::try_from(end - start).unwrap_or(u32::MAX);
    }

    /// Add to the last list, which begins at `start`.
    fn write(&mut self, start: usize, region: u32, border: u32) {
        let place = self.seen[region as usize];
        if (start..self.lists.len()).contains(&place) && self.lists[place].region == region {
            self.lists[place].border += border;
        } else {
            self.seen[region as usize] = self.lists.len();
            self.lists.push(Neighbour { region, border });
        }
    }
}

/// Every edge between pixels of two regions.
fn each_border(regions: &[i32], width: usize, mut take: impl FnMut(usize, usize)) {
    let mut between = |a: i32, b: i32| {
        if a != b
            && let (Ok(a), Ok(b)) = (usize::try_from(a), usize::try_from(b))
        {
            take(a, b);
        }
    };
    let mut above: &[i32] = &[];
    for row in regions.chunks(width) {
        row.windows(2).for_each(|pair| between(pair[0], pair[1]));
        row.iter().zip(above).for_each(|(&here, &above)| between(here, above));
        above = row;
    }
}
