//! Random forests by number: shapes, repeats, categories, missing values, zero covers.
