//! Who touches whom, and along how many edges.

/// A neighbour of a region.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Neighbour {
    /// Its number.
    pub(super) region: u32,
    /// Edges of pixels between the two.
    pub(super) border: f32,
    /// How unlike the two are.
    pub(super) distance: f32,
}

impl Neighbour {
    /// Less alike than any other.
    pub(super) const NOBODY: Self = Self { region: u32::MAX, border: 0.0, distance: f32::INFINITY };
}

/// The neighbours of every region, one list after the other.
#[derive(Debug)]
pub(super) struct Neighbours {
    entries: Vec<Neighbour>,
    /// By region.
    lists: Vec<List>,
    /// By region: where it stands in the list being written, if it does.
    seen: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct List {
    start: u32,
    length: u32,
}

impl List {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..(self.start + self.length) as usize
    }
}

impl Neighbours {
    /// Those of a map of regions, without distances, with room for all that they will merge into. O(pixels).
    pub(super) fn of(regions: &[i32], width: usize, n_regions: usize) -> Self {
        let borders = borders(regions, width);
        let mut lists = vec![List { start: 0, length: 0 }; n_regions];
        for &(a, b, _) in &borders {
            lists[a as usize].length += 1;
            lists[b as usize].length += 1;
        }
        let mut total = 0;
        for list in &mut lists {
            list.start = total;
            total += std::mem::take(&mut list.length);
        }
        lists.reserve(n_regions);
        let mut entries = Vec::with_capacity(3 * total as usize);
        entries.resize(total as usize, Neighbour::default());
        let mut neighbours = Self { entries, lists, seen: vec![u32::MAX; 2 * n_regions] };
        for &(a, b, border) in &borders {
            neighbours.append(a as usize, Neighbour { region: b, border, distance: 0.0 });
            neighbours.append(b as usize, Neighbour { region: a, border, distance: 0.0 });
        }
        for region in 0..n_regions {
            neighbours.add_up(region);
        }
        neighbours
    }

    /// The neighbours of a region.
    pub(super) fn list(&self, region: usize) -> &[Neighbour] {
        &self.entries[self.lists[region].range()]
    }

    /// The neighbours of a region, to be given distances.
    pub(super) fn list_mut(&mut self, region: usize) -> &mut [Neighbour] {
        let range = self.lists[region].range();
        &mut self.entries[range]
    }

    /// Let a new region, the next number, have the neighbours of two, except themselves, by the numbers that they have
    /// `now`; without distances.
    pub(super) fn push_union(&mut self, a: usize, b: usize, now: &[u32]) {
        let start = self.entries.len();
        let union = number(self.lists.len());
        for member in [a, b] {
            for at in self.lists[member].range() {
                let Neighbour { region, border, .. } = self.entries[at];
                let region = now[region as usize];
                if region == union {
                    continue;
                }
                let seen = &mut self.seen[region as usize];
                match self.entries.get_mut(*seen as usize) {
                    Some(entry) if *seen as usize >= start && entry.region == region => {
                        entry.border += border;
                    }
                    _ => {
                        *seen = number(self.entries.len());
                        self.entries.push(Neighbour { region, border, distance: 0.0 });
                    }
                }
            }
        }
        self.lists.push(List { start: number(start), length: number(self.entries.len() - start) });
    }

    /// Drop the neighbours of a region that are not left.
    pub(super) fn retain(&mut self, region: usize, is_left: &[bool]) {
        let list = &mut self.lists[region];
        let entries = &mut self.entries[list.range()];
        let mut end = 0;
        for at in 0..entries.len() {
            let entry = entries[at];
            entries[end] = entry;
            end += usize::from(is_left[entry.region as usize]);
        }
        list.length = number(end);
    }

    /// Add to the neighbours of a region, in place of one or more that were dropped.
    pub(super) fn append(&mut self, region: usize, neighbour: Neighbour) {
        let list = &mut self.lists[region];
        self.entries[list.range().end] = neighbour;
        list.length += 1;
    }

    /// String regions together that touch nothing.
    pub(super) fn join_in_line(&mut self, regions: &[u32]) {
        for (at, &region) in regions.iter().enumerate() {
            let start = self.entries.len();
            let before = at.checked_sub(1).and_then(|before| regions.get(before));
            let both = before.into_iter().chain(regions.get(at + 1));
            self.entries.extend(both.map(|&region| Neighbour { region, border: 0.0, distance: 0.0 }));
            let length = number(self.entries.len() - start);
            self.lists[region as usize] = List { start: number(start), length };
        }
    }

    /// Let every neighbour stand in a region's list once.
    fn add_up(&mut self, region: usize) {
        let range = self.lists[region].range();
        let (start, mut end) = (range.start, range.start);
        for at in range {
            let neighbour = self.entries[at];
            let seen = &mut self.seen[neighbour.region as usize];
            if (start..end).contains(&(*seen as usize)) {
                self.entries[*seen as usize].border += neighbour.border;
            } else {
                *seen = number(end);
                self.entries[end] = neighbour;
                end += 1;
            }
        }
        self.lists[region].length = number(end - start);
    }
}

/// Pairs of regions and lengths of their borders, in pieces.
fn borders(regions: &[i32], width: usize) -> Vec<(u32, u32, f32)> {
    let mut borders: Vec<(u32, u32, f32)> = Vec::with_capacity(2 * regions.len());
    let mut last = (0, 0);
    let mut between = |a: i32, b: i32| {
        if a == b || a.min(b) < 0 {
            return;
        }
        let pair = (a.cast_unsigned(), b.cast_unsigned());
        if pair == last {
            // Cells are more than a pixel wide.
            borders.last_mut().iter_mut().for_each(|last| last.2 += 1.0);
        } else {
            borders.push((pair.0, pair.1, 1.0));
            last = pair;
        }
    };
    let mut above: &[i32] = &[];
    for row in regions.chunks(width) {
        row.windows(2).for_each(|pair| between(pair[0], pair[1]));
        above.iter().zip(row).for_each(|(&above, &here)| between(above, here));
        above = row;
    }
    borders
}

/// A number of 32 bits, as all of regions and neighbours are (see `MOST_REGIONS`).
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
