//! Pictures: regions of them that are players, and what stands for the hidden ones.
//!
//! Pixels lie row after row, their channels side by side. A map of regions has one number a pixel; -1 belongs to
//! nobody and is never hidden. [`partition_tree()`] says which regions stay together, as a [`Linkage`]; [`render()`] and
//! [`render_filled`] write the masked pictures of a batch of coalitions.

mod axis_tree;
mod blur;
mod colour;
mod grid;
mod intensity;
mod linkage;
mod partition_tree;
mod pull_push;
mod render;
mod segment_means;
mod shape;
mod slic;

pub use axis_tree::axis_tree;
pub use blur::blur;
pub use colour::{colour_bytes, lab};
pub use grid::{cells, grid_segments};
pub use intensity::{Intensity, Real};
pub use linkage::Linkage;
pub use partition_tree::partition_tree;
pub use pull_push::pull_push;
pub use render::{Layout, Picture, Selectable, render, render_filled};
pub use segment_means::segment_means;
pub use shape::Shape;
pub use slic::slic;
