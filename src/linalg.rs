//! The few solves that the estimators share.
