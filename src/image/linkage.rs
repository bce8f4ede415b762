//! A binary tree over regions, as what merged.

use crate::error::Error;

/// A binary tree whose leaves are the regions `0..n`; node `n + i` has the children `left[i]` and `right[i]`, both of
/// lower number, and the last node is the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linkage {
    /// First child of each inner node.
    pub left: Vec<u32>,
    /// Second child of each inner node.
    pub right: Vec<u32>,
}

/// An inner node of a walk, which has two children.
const INNER: i64 = -2;

impl Linkage {
    /// The nodes, each before its children: a region as its number, an inner node as -2. O(regions).
    pub fn walk(&self) -> Result<Vec<i64>, Error> {
        self.check()?;
        let n_regions = self.left.len() + 1;
        let mut walk = Vec::with_capacity(2 * n_regions - 1);
        let mut waiting = vec![2 * n_regions - 2];
        while let Some(node) = waiting.pop() {
            match node.checked_sub(n_regions) {
                None => walk.push(i64::try_from(node).unwrap_or(i64::MAX)),
                Some(inner) => {
                    walk.push(INNER);
                    waiting.extend([self.right[inner] as usize, self.left[inner] as usize]);
                }
            }
        }
        Ok(walk)
    }

    /// Every node but the root must be the child of one that comes later, and of no other.
    fn check(&self) -> Result<(), Error> {
        let n_regions = self.left.len() + 1;
        super::shape::check_length("right", self.right.len(), self.left.len())?;
        let mut has_parent = vec![false; 2 * n_regions - 1];
        for (inner, (&left, &right)) in self.left.iter().zip(&self.right).enumerate() {
            for child in [left as usize, right as usize] {
                if child >= n_regions + inner || std::mem::replace(&mut has_parent[child], true) {
                    let got = format!("a tree whose node {} has the child {child}", n_regions + inner);
                    let accepted = "a tree whose nodes come after their children, each child of one node";
                    return Err(Error::Parameter { argument: "left", got, accepted });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_meets_nodes_before_their_children() {
        let linkage = Linkage { left: vec![0, 2], right: vec![1, 3] };
        assert_eq!(linkage.walk(), Ok(vec![-2, 2, -2, 0, 1]));
        assert_eq!(Linkage::default().walk(), Ok(vec![0]));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        for (left, right) in [(vec![0], vec![0]), (vec![0], vec![2]), (vec![0, 0], vec![1, 2])] {
            let message = Linkage { left, right }.walk().unwrap_err().to_string();
            assert!(message.contains("`left`"), "{message}");
        }
        assert!(Linkage { left: vec![0], right: vec![] }.walk().is_err());
    }
}
