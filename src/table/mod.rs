//! Games given as all 2^n worths: exact values, interactions and transforms.
