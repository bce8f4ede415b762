//! Path-dependent values: the multilinear extension's derivative at quadrature points, rows in lanes.
