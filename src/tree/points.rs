//! Gauss-Legendre points, and how many of them a path of so many players needs.
