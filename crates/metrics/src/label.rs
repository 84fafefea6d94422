//! What can be a class label.

use std::fmt::Display;

/// A class label: ordered as scikit-learn sorts labels of the type (numbers by value, strings by code
/// point), displayed as it prints them.
pub trait Label: Ord + Clone + Display {}

impl<T: Ord + Clone + Display> Label for T {}
