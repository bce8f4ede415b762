//! Background values of trees whose leaves are linear functions.
