//! Background values by tables of patterns: a row costs the same for any number of background rows.
