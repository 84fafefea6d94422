//! Curves and alerts as a page.

use std::fmt::Write;
use std::path::Path;

use tunewise_plot::{ChartText, LineChart, Series};

use super::alert::{AlertKind, AlertRecord, Severity};
use super::replay::replace;
use super::stream::Monitor;
use super::text::written;
use super::topic::Topic;
use crate::Result;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}\
td.critical{color:#b00020;font-weight:600}svg{max-width:100%;height:auto}";

/// Milliseconds of an hour.
const HOUR: f64 = 3_600_000.0;

/// A page by itself: a curve for each topic with its baseline and alerts, then the alerts with the texts they
/// rest on, the newest first. Whatever texts and topics hold, it is shown as words. The same state gives
/// the same bytes.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) if a curve cannot be drawn.
pub fn page(monitor: &Monitor, title: &str) -> Result<String> {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><title>{0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n",
        escaped(title)
    );
    let counts = monitor.counts();
    let line = format!(
        "<p>{} texts counted, {} repeated, {} late, {} from too far ahead.</p>\n",
        counts.counted, counts.duplicates, counts.late, counts.ahead
    );
    out.push_str(&line);
    for (name, topic) in monitor.topics() {
        write(&mut out, format_args!("<h2>{}</h2>\n", escaped(name)));
        out.push_str(&curve(name, topic, monitor.recent())?);
    }
    out.push_str("<h2>Alerts</h2>\n");
    if monitor.recent().len() == 0 {
        out.push_str("<p>None.</p>\n");
    } else {
        out.push_str("<table><tr><th>time (UTC)</th><th>topic</th><th></th><th>negative</th><th>usual</th><th>texts</th></tr>\n");
        let mut records: Vec<&AlertRecord> = monitor.recent().collect();
        records.reverse();
        records.into_iter().for_each(|record| row(&mut out, record));
        out.push_str("</table>\n");
    }
    out.push_str("</body></html>\n");
    Ok(out)
}

impl Monitor {
    /// Writes the page of [`page`]: to a temporary name, synced, renamed.
    ///
    /// # Errors
    /// As [`page`]; [`Error::Io`](crate::Error::Io).
    pub fn write_page(&self, path: &Path, title: &str) -> Result<()> {
        replace(path, &page(self, title)?)
    }
}

fn curve<'a>(
    name: &str,
    topic: &Topic,
    records: impl Iterator<Item = &'a AlertRecord>,
) -> Result<String> {
    let Some(first) = topic.points().next() else { return Ok(String::new()) };
    let hours = |time: i64| (time - first.time_ms) as f64 / HOUR;
    let rolling: Vec<_> = topic.points().map(|it| (hours(it.time_ms), it.share)).collect();
    let ewma: Vec<_> = topic.points().map(|it| (hours(it.time_ms), it.ewma)).collect();
    let end = rolling.last().map_or(0.0, |point| point.0).max(1.0);
    let usual = topic.baseline().map(|share| [(0.0, share), (end, share)]);
    let told = records.filter(|it| it.topic == name && it.time_ms >= first.time_ms);
    let marks: Vec<[(f64, f64); 2]> =
        told.map(|it| hours(it.time_ms)).map(|hour| [(hour, 0.0), (hour, 1.0)]).collect();
    let guides = usual.iter().map(|points| Series { name: "usual", points });
    let guides: Vec<_> =
        guides.chain(marks.iter().map(|points| Series { name: "", points })).collect();
    let series = [
        Series { name: "rolling share", points: &rolling },
        Series { name: "EWMA", points: &ewma },
    ];
    let x_label = format!("hours since {} (vertical lines: alerts)", written(first.time_ms));
    let chart = LineChart {
        series: &series,
        guides: &guides,
        x_range: Some((0.0, end)),
        y_range: Some((0.0, 1.0)),
        ..LineChart::default()
    };
    let text = ChartText { title: name, x_label: &x_label, y_label: "share of negative texts" };
    Ok(format!("{}\n", chart.svg(text)?))
}

fn kind_name(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Opened => "opened",
        AlertKind::Escalated => "escalated",
        AlertKind::Cleared => "cleared",
    }
}

fn row(out: &mut String, record: &AlertRecord) {
    let (class, severity) = match record.severity {
        Severity::Critical => (" class=\"critical\"", "critical"),
        Severity::Warning => ("", "warning"),
    };
    let kind = kind_name(record.kind);
    write(
        out,
        format_args!(
            "<tr><td>{}</td><td>{}</td><td{class}>{severity} {kind}</td><td>{} of {} ({:.0} %)</td><td>{:.0} %</td><td>",
            escaped(&record.time),
            escaped(&record.topic),
            record.negatives,
            record.texts,
            100.0 * record.share,
            100.0 * record.baseline,
        ),
    );
    for text in &record.evidence {
        write(out, format_args!("<div>{:.2} {}</div>", text.negative, escaped(&text.text)));
    }
    out.push_str("</td></tr>\n");
}

/// Into a string, where writing cannot fail.
fn write(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

/// The text as words of a page: markup escaped, characters that a page cannot hold replaced.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}');
            }
            _ => out.push(c),
        }
    }
    out
}
