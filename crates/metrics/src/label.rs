//! What can be a class label.

use std::borrow::Cow;
use std::fmt::Display;
use std::hash::Hash;
use std::sync::Arc;

/// A class label: ordered as scikit-learn sorts labels of the type (numbers by value, strings by code
/// point), named as it prints them.
///
/// Integers, `bool`, `char` and strings are labels. A type of yours becomes one with an empty `impl`:
///
/// ```
/// use std::fmt;
/// use tunewise_metrics::{Label, accuracy_score};
///
/// #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
/// enum Answer { Yes, No }
/// impl fmt::Display for Answer {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str(match self { Self::Yes => "yes", Self::No => "no" })
///     }
/// }
/// impl Label for Answer {}
///
/// # fn main() -> tunewise_metrics::Result<()> {
/// let accuracy = accuracy_score(&[Answer::Yes, Answer::No], &[Answer::Yes, Answer::Yes], None)?;
/// assert_eq!(accuracy, 0.5);
/// # Ok(())
/// # }
/// ```
pub trait Label: Ord + Hash + Clone + Display + Send + Sync {
    /// What a report calls it: its `Display`, but `True` and `False` for `bool`.
    fn name(&self) -> String {
        self.to_string()
    }

    /// The integer that stands for the label, if there is one; different labels have different
    /// integers. Labels with integers near each other are counted without hashing.
    fn number(&self) -> Option<i64> {
        None
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Label for $integer {
            #[inline]
            fn number(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
        }
    )*};
}
integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl Label for bool {
    fn name(&self) -> String {
        if *self { "True" } else { "False" }.to_owned()
    }

    #[inline]
    fn number(&self) -> Option<i64> {
        Some(i64::from(*self))
    }
}

impl Label for char {
    #[inline]
    fn number(&self) -> Option<i64> {
        Some(i64::from(u32::from(*self)))
    }
}

impl Label for String {}
impl Label for &str {}
impl Label for Cow<'_, str> {}
impl Label for Box<str> {}
impl Label for Arc<str> {}
