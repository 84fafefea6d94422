//! An evaluation as pictures and a page.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use tunewise_plot::{ChartText, LineChart, Series, escaped};

use super::desk::{Decision, Route};
use super::evaluation::Evaluation;
use crate::file::replace_file;
use crate::{Error, Result};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}\
td.n,th.n{text-align:right;white-space:nowrap}pre{background:#f6f6f6;padding:1rem;white-space:pre-wrap}svg{max-width:100%;height:auto}";
/// Decisions of each route that the page shows.
const SHOWN: usize = 8;

/// An evaluation and what it is of.
#[derive(Debug, Clone, Copy)]
pub struct SupportPage<'a> {
    /// The heading.
    pub title: &'a str,
    /// What is shown.
    pub evaluation: &'a Evaluation,
}

impl SupportPage<'_> {
    /// The share of wrong answers by template over the share of questions that they answer, with the
    /// chosen threshold and the precision of 95 %.
    ///
    /// # Errors
    /// [`Error::Plot`] if it cannot be drawn.
    pub fn risk_coverage(&self) -> Result<String> {
        let curve = &self.evaluation.curve;
        let points: Vec<(f64, f64)> =
            curve.points.iter().map(|it| (it.coverage, it.risk)).collect();
        let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
        let name = format!("model (AURC = {:.3})", curve.area());
        let asked = 1.0 - self.evaluation.coverage.asked;
        let target = [(0.0, asked), (1.0, asked)];
        let height = (1.15 * most).clamp(0.01 + asked, 1.0);
        let chosen = self.chosen().map(|share| [(share, 0.0), (share, height)]);
        let mut guides = vec![Series { name: "across: 5 % wrong", points: &target }];
        guides.extend(chosen.iter().map(|points| Series { name: "upright: chosen", points }));
        let chart = LineChart {
            series: &[Series { name: &name, points: &points }],
            guides: &guides,
            x_range: Some((0.0, 1.0)),
            y_range: Some((0.0, height)),
            ..LineChart::default()
        };
        let x_label = "share of questions answered by template";
        let text = ChartText {
            title: "Risk over coverage",
            x_label,
            y_label: "share of these that are wrong",
        };
        Ok(chart.svg(text)?)
    }

    /// The cost of a question over the share that templates answer, all others answered by a person, with
    /// the chosen threshold and the price of a person.
    ///
    /// # Errors
    /// [`Error::Plot`] if it cannot be drawn.
    pub fn cost_coverage(&self) -> Result<String> {
        let points = self.evaluation.cost_curve();
        let prices = &self.evaluation.routing.prices;
        let top = points.iter().map(|point| point.1).fold(prices.person, f64::max) * 1.1;
        let person = [(0.0, prices.person), (1.0, prices.person)];
        let chosen = self.chosen().map(|share| [(share, 0.0), (share, top)]);
        let mut guides = vec![Series { name: "across: a person for all", points: &person }];
        guides.extend(chosen.iter().map(|points| Series { name: "upright: chosen", points }));
        let chart = LineChart {
            series: &[Series { name: "templates and persons", points: &points }],
            guides: &guides,
            x_range: Some((0.0, 1.0)),
            y_range: Some((0.0, top)),
            ..LineChart::default()
        };
        let y_label = match prices.currency.as_str() {
            "" => "cost of a question".to_owned(),
            unit => format!("cost of a question, {unit}"),
        };
        let x_label = "share of questions answered by template";
        Ok(chart.svg(ChartText { title: "Cost over coverage", x_label, y_label: &y_label })?)
    }

    /// The share of questions that the chosen threshold answers by template.
    fn chosen(&self) -> Option<f64> {
        let questions = self.evaluation.questions as f64;
        self.evaluation.routes.get(&Route::Template).map(|count| count.questions as f64 / questions)
    }

    /// A page by itself: report, pictures, confusions, and some decisions of each route. Whatever the texts
    /// hold, it is shown as words. The same evaluation gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Plot`] if a picture cannot be drawn.
    pub fn html(&self) -> Result<String> {
        let title = escaped(self.title);
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<pre>{}</pre>\n",
            escaped(&self.evaluation.to_string())
        );
        for svg in [self.risk_coverage()?, self.cost_coverage()?] {
            out.push_str(&svg);
            out.push('\n');
        }
        out.push_str("<h2>Dearest confusions</h2>\n");
        if self.evaluation.confusions.is_empty() {
            out.push_str("<p>None.</p>\n");
        } else {
            out.push_str("<table><tr><th class=\"n\">cost</th><th class=\"n\">questions</th><th>right</th><th>answered as</th><th>for example</th></tr>\n");
            for it in self.evaluation.dearest() {
                let words = [&it.truth, &it.answered, &it.example]
                    .map(|text| format!("<td>{}</td>", escaped(text)));
                let _ = writeln!(
                    out,
                    "<tr><td class=\"n\">{:.2}</td><td class=\"n\">{}</td>{}</tr>",
                    it.cost,
                    it.questions,
                    words.concat()
                );
            }
            out.push_str("</table>\n");
        }
        for (route, title) in [
            (Route::Template, "Answered by template"),
            (Route::Article, "Answered by article"),
            (Route::Person, "Left to a person"),
        ] {
            let of_route = self.evaluation.decisions.iter().filter(|it| it.route == route);
            let shown: Vec<&Decision> = of_route.take(SHOWN).collect();
            if !shown.is_empty() {
                let _ = writeln!(out, "<h2>{title}, the first {}</h2>", shown.len());
                out.push_str("<table><tr><th>question</th><th>answer</th><th>why</th></tr>\n");
                shown.into_iter().for_each(|decision| row(&mut out, decision));
                out.push_str("</table>\n");
            }
        }
        out.push_str("</body></html>\n");
        Ok(out)
    }

    /// Writes `report.txt`, `report.json`, `routing.json`, `decisions.jsonl`, `support.html`,
    /// `risk_coverage.svg` and `cost_coverage.svg` into `folder`, which is made if it is not there; each to a
    /// temporary name, synced, renamed.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Plot`].
    pub fn write(&self, folder: &Path) -> Result<()> {
        let io = |source| Error::Io { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(io)?;
        let json = |value: serde_json::Result<String>| {
            value.map(|text| text + "\n").map_err(|error| io(error.into()))
        };
        let Evaluation { routing, decisions, .. } = self.evaluation;
        let lines = decisions.iter().map(|decision| json(serde_json::to_string(decision)));
        let files = [
            ("report.txt", self.evaluation.to_string()),
            ("report.json", json(serde_json::to_string_pretty(self.evaluation))?),
            ("routing.json", json(serde_json::to_string_pretty(routing))?),
            ("decisions.jsonl", lines.collect::<Result<String>>()?),
            ("support.html", self.html()?),
            ("risk_coverage.svg", self.risk_coverage()?),
            ("cost_coverage.svg", self.cost_coverage()?),
        ];
        files.iter().try_for_each(|(name, text)| replace_file(&folder.join(name), text))
    }
}

fn row(out: &mut String, decision: &Decision) {
    let words = [&decision.text, decision.answer.as_ref().unwrap_or(&String::new()), &decision.why]
        .map(|text| format!("<td>{}</td>", escaped(text)));
    let _ = writeln!(out, "<tr>{}</tr>", words.concat());
}
