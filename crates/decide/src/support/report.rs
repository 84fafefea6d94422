//! An evaluation as text.

use std::fmt;

use super::desk::Route;
use super::evaluation::{Between, Coverage, Evaluation};
use super::routing::Routing;

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({:.3} to {:.3})", self.estimate, self.low, self.high)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Template => "template",
            Self::Article => "article",
            Self::Person => "person",
        })
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Routing {
            temperature, intent_threshold, article_threshold, prices, calibrated_on, ..
        } = &self.routing;
        let threshold = |threshold: &Option<f64>| {
            threshold.map_or("never".to_owned(), |it| format!("from {it:.3} on"))
        };
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        writeln!(
            f,
            "{} questions, {} of them with an intent of the model",
            self.questions, self.with_intent
        )?;
        if let Some(accuracy) = self.accuracy {
            writeln!(f, "accuracy of the intent: {}", percent(accuracy))?;
        }
        if let Some((before, after)) = self.calibration_error {
            writeln!(
                f,
                "calibration error: {before:.3}, with temperature {temperature:.3} (of {calibrated_on} other questions): {after:.3}"
            )?;
        }
        let Coverage { asked, threshold: from, coverage, precision, at_best } = self.coverage;
        let reached = precision
            .map_or("nothing answered".to_owned(), |it| format!("{} of them right", percent(it)));
        writeln!(
            f,
            "coverage at {} precision, by intent {}: {}, {reached}; at the very best {}",
            percent(asked),
            threshold(&from),
            percent(coverage),
            percent(at_best)
        )?;
        writeln!(
            f,
            "answers by template {}, by article {}",
            threshold(intent_threshold),
            threshold(article_threshold)
        )?;
        let precision = self.precision.map_or("none".to_owned(), percent);
        writeln!(f, "answered: {}, right of these: {precision}", percent(self.answered))?;
        writeln!(f, "\n{:<9}{:>10}{:>8}{:>12}", "route", "questions", "wrong", "cost")?;
        for (route, count) in &self.routes {
            writeln!(
                f,
                "{route:<9}{:>10}{:>8}{:>12.2}",
                count.questions,
                count.questions - count.right,
                count.cost
            )?;
        }
        let unit = if prices.currency.is_empty() {
            String::new()
        } else {
            format!(" {}", prices.currency)
        };
        writeln!(f, "\na question costs{unit} (95 % interval)")?;
        for (what, between) in [
            ("as routed", self.cost),
            ("if the most probable intent always answers", self.cost_without_abstention),
            ("saved by abstention", self.saved_by_abstention),
            ("saved against a person for all", self.saved_against_persons),
        ] {
            writeln!(f, "  {what:<44}{between}")?;
        }
        writeln!(f, "kept from a wrong answer by abstention: {} questions", self.kept_from_wrong)?;
        if !self.confusions.is_empty() {
            writeln!(f, "\ndearest confusions")?;
        }
        for it in self.dearest() {
            let mut example: String = it.example.chars().take(60).collect();
            if example.len() < it.example.len() {
                example.push('…');
            }
            writeln!(
                f,
                "  {:>9.2}{unit}  {} of {} answered as {}: {example:?}",
                it.cost, it.questions, it.truth, it.answered
            )?;
        }
        Ok(())
    }
}
