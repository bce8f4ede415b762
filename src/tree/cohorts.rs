//! Background values on long paths: rows and background rows walk the tree together, in cohorts.
