//! The report as scikit-learn prints it.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use crate::python_float;
use crate::report::{Alignment, ClassificationReport, Score};

const WIDEST_AVERAGE: usize = "weighted avg".len();

impl Alignment {
    fn width(self, name: &str) -> usize {
        match self {
            Self::CodePoints => name.chars().count(),
            Self::Columns => name.width(),
        }
    }
}

impl ClassificationReport {
    fn support(&self, support: f64) -> String {
        if self.float_support { python_float::repr(support) } else { format!("{support:.0}") }
    }

    fn number(&self, value: f64) -> String {
        if value.is_nan() { "nan".to_owned() } else { format!("{value:.*}", self.digits) }
    }

    fn row(&self, f: &mut fmt::Formatter<'_>, name: &str, score: &Score) -> fmt::Result {
        let pad = self.width().saturating_sub(self.alignment.width(name));
        write!(f, "{:pad$}{name} ", "")?;
        for value in [score.precision, score.recall, score.f1_score] {
            write!(f, " {:>9}", self.number(value))?;
        }
        writeln!(f, " {:>9}", self.support(score.support))
    }

    /// Of the first column.
    fn width(&self) -> usize {
        let names = self.classes.iter().map(|row| self.alignment.width(&row.name));
        names.max().unwrap_or(0).max(WIDEST_AVERAGE).max(self.digits)
    }
}

impl fmt::Display for ClassificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.width();
        write!(f, "{:>width$} ", "")?;
        for heading in ["precision", "recall", "f1-score", "support"] {
            write!(f, " {heading:>9}")?;
        }
        writeln!(f, "\n")?;
        for row in &self.classes {
            self.row(f, &row.name, &row.score)?;
        }
        writeln!(f)?;
        if self.accuracy.is_some() {
            let support = self.support(self.macro_avg.support);
            let accuracy = self.number(self.accuracy_f1);
            writeln!(f, "{:>width$}  {:>9} {:>9} {accuracy:>9} {support:>9}", "accuracy", "", "")?;
        }
        for (name, score) in self.averages() {
            self.row(f, name, score)?;
        }
        Ok(())
    }
}
