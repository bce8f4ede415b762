//! Connected parts, of which the small ones join a neighbour.

/// Number connected parts of equal labels from 0 in order of their first pixels, after every part of fewer than
/// `smallest` pixels has joined the neighbour with the longest common border, of equals the lower number.
pub(super) fn absorb_small(labels: &[i32], width: usize, smallest: usize) -> Vec<i32> {
    let mut parts = connected(labels, width);
    loop {
        let n_parts = parts.iter().max().map_or(0, |&last| last as usize + 1);
        let mut sizes = vec![0_usize; n_parts];
        for &part in &parts {
            sizes[part as usize] += 1;
        }
        if n_parts <= 1 || sizes.iter().all(|&size| size >= smallest) {
            return parts.iter().map(|&part| i32::try_from(part).unwrap_or(i32::MAX)).collect();
        }
        let longest = longest_borders(&parts, width, n_parts, |part| sizes[part as usize] < smallest);
        let mut roots: Vec<u32> = (0..).take(n_parts).collect();
        for (part, &neighbour) in longest.iter().enumerate() {
            if neighbour != u32::MAX {
                let (a, b) = (root(&mut roots, part), root(&mut roots, neighbour as usize));
                roots[a.max(b)] = u32::try_from(a.min(b)).unwrap_or(u32::MAX);
            }
        }
        renumber(&mut parts, |part| u32::try_from(root(&mut roots, part as usize)).unwrap_or(u32::MAX));
    }
}

/// The part of each pixel, numbered in order of their first pixels.
fn connected(labels: &[i32], width: usize) -> Vec<u32> {
    let mut parts = vec![u32::MAX; labels.len()];
    let (mut n_parts, mut waiting) = (0, Vec::new());
    for start in 0..labels.len() {
        if parts[start] != u32::MAX {
            continue;
        }
        parts[start] = n_parts;
        waiting.push(start);
        while let Some(pixel) = waiting.pop() {
            let column = pixel % width;
            let left = (column > 0).then(|| pixel - 1);
            let right = (column + 1 < width).then_some(pixel + 1);
            let around = [left, right, pixel.checked_sub(width), Some(pixel + width)];
            for next in around.into_iter().flatten().filter(|&next| next < labels.len()) {
                if parts[next] == u32::MAX && labels[next] == labels[start] {
                    parts[next] = n_parts;
                    waiting.push(next);
                }
            }
        }
        n_parts += 1;
    }
    parts
}

/// By part: of those wanted, the neighbour with the longest border.
fn longest_borders(parts: &[u32], width: usize, n_parts: usize, is_wanted: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut touching: Vec<(u32, u32)> = Vec::new();
    let mut between = |a: u32, b: u32| {
        if a != b {
            touching.extend([(a, b), (b, a)].into_iter().filter(|pair| is_wanted(pair.0)));
        }
    };
    let mut above: &[u32] = &[];
    for row in parts.chunks(width) {
        row.windows(2).for_each(|pair| between(pair[0], pair[1]));
        row.iter().zip(above).for_each(|(&here, &above)| between(here, above));
        above = row;
    }
    touching.sort_unstable();
    let mut longest = vec![(0, u32::MAX); n_parts];
    for equal in touching.chunk_by(|a, b| a == b) {
        let (part, neighbour) = equal[0];
        let longest = &mut longest[part as usize];
        if equal.len() > longest.0 {
            *longest = (equal.len(), neighbour);
        }
    }
    longest.into_iter().map(|(_, neighbour)| neighbour).collect()
}

fn root(roots: &mut [u32], mut part: usize) -> usize {
    while roots[part] as usize != part {
        roots[part] = roots[roots[part] as usize];
        part = roots[part] as usize;
    }
    part
}

/// Replace parts by what they joined, numbered anew in order of first pixels.
fn renumber(parts: &mut [u32], mut joined: impl FnMut(u32) -> u32) {
    let n_parts = parts.iter().max().map_or(0, |&last| last as usize + 1);
    let mut numbers = vec![u32::MAX; n_parts];
    let mut next = 0;
    for part in parts {
        let number = &mut numbers[joined(*part) as usize];
        if *number == u32::MAX {
            *number = next;
            next += 1;
        }
        *part = *number;
    }
}
