//! Curves and alerts as a page.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use tunewise_plot::{ChartText, LineChart, Series, escaped};

use super::alert::{AlertKind, AlertRecord, Severity};
use super::stream::Monitor;
use super::topic::Topic;
use crate::Result;
use crate::file::replace_file;
use crate::json::written;

const STYLE: &str = ":root{color-scheme:light dark;--line:#ccc;--critical:#b00020;--warning:#b26a00;--calm:#2e7d32}\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem;color:#222;background:#fff}\
h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2rem 0 .5rem}\
article{border-left:4px solid var(--calm);padding:.1rem .9rem;margin:1rem 0;overflow-wrap:anywhere}\
article.warning{border-color:var(--warning)}article.critical{border-color:var(--critical)}\
h3{font-size:1rem;margin:.2rem 0}p{margin:.3rem 0}ul{margin:.3rem 0;padding-left:1.2rem}li{margin:.2rem 0}\
small{opacity:.75}svg{display:block;width:100%;max-width:50rem;height:auto}\
@media (prefers-color-scheme:dark){:root{--critical:#ff6b81;--warning:#ffb74d;--calm:#81c784}body{color:#ddd;background:#181818}svg{filter:invert(.9) hue-rotate(180deg)}}";

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// A page by itself: which alerts are open, a curve for each topic with its baseline and alerts, then the
/// alerts with the texts they rest on, the newest first. It fits narrow screens and dark colours. Whatever texts and topics hold, it is shown as words. The same state gives
/// the same bytes.
///
/// # Errors
/// [`Error::Plot`](crate::Error::Plot) if a curve cannot be drawn.
pub fn page(monitor: &Monitor, title: &str) -> Result<String> {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/><title>{0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n",
        escaped(title)
    );
    summary(&mut out, monitor);
    for (name, topic) in monitor.topics() {
        write(&mut out, format_args!("<h2>{}</h2>\n", escaped(name)));
        out.push_str(&curve(name, topic, monitor.recent())?);
    }
    out.push_str("<h2>Alerts, the newest first</h2>\n");
    if monitor.recent().len() == 0 {
        out.push_str("<p>None.</p>\n");
    }
    let mut records: Vec<&AlertRecord> = monitor.recent().collect();
    records.reverse();
    records.into_iter().for_each(|record| article(&mut out, record));
    out.push_str("</body></html>\n");
    Ok(out)
}

/// What is open now, and how many texts that rests on.
fn summary(out: &mut String, monitor: &Monitor) {
    let mut open: BTreeMap<&str, &AlertRecord> = BTreeMap::new();
    for record in monitor.recent() {
        match record.kind {
            AlertKind::Cleared => open.remove(record.topic.as_str()),
            AlertKind::Opened | AlertKind::Escalated => open.insert(&record.topic, record),
        };
    }
    if open.is_empty() {
        out.push_str("<p>No alert is open.</p>\n");
    }
    for (topic, record) in open {
        let severity = severity_name(record.severity);
        let since = clock(&record.time);
        write(
            out,
            format_args!(
                "<p><strong>{}: {severity} alert open since {since}</strong></p>\n",
                escaped(topic)
            ),
        );
    }
    let counts = monitor.counts();
    let mut parts = vec![format!("{} texts counted", counts.counted)];
    let others = [
        (counts.duplicates, "repeated"),
        (counts.late, "too late"),
        (counts.ahead, "from too far ahead"),
    ];
    parts
        .extend(others.iter().filter(|it| it.0 > 0).map(|(count, what)| format!("{count} {what}")));
    write(out, format_args!("<p><small>{}. Times are UTC.</small></p>\n", parts.join(", ")));
}

/// A time to the minute.
fn clock(time: &str) -> String {
    escaped(time.get(..16).unwrap_or(time)).replace('T', " ")
}

impl Monitor {
    /// Writes the page of [`page`]: to a temporary name, synced, renamed.
    ///
    /// # Errors
    /// As [`page`]; [`Error::Io`](crate::Error::Io).
    pub fn write_page(&self, path: &Path, title: &str) -> Result<()> {
        replace_file(path, &page(self, title)?)
    }
}

fn curve<'a>(
    name: &str,
    topic: &Topic,
    records: impl Iterator<Item = &'a AlertRecord>,
) -> Result<String> {
    let Some(first) = topic.points().next() else { return Ok(String::new()) };
    let last = topic.last_point().map_or(first.time_ms, |point| point.time_ms);
    let (unit, of_unit) =
        if last - first.time_ms > 72 * HOUR { ("days", 24 * HOUR) } else { ("hours", HOUR) };
    let at = |time: i64| (time - first.time_ms) as f64 / of_unit as f64;
    let rolling: Vec<_> = topic.points().map(|it| (at(it.time_ms), it.share)).collect();
    let ewma: Vec<_> = topic.points().map(|it| (at(it.time_ms), it.ewma)).collect();
    let end = at(last).max(1e-3);
    let highest = topic.points().map(|it| it.share.max(it.ewma)).fold(0.0, f64::max);
    let top = ((highest.max(topic.baseline().unwrap_or_default()) * 10.0).floor() / 10.0 + 0.2)
        .clamp(0.4, 1.0);
    let usual = topic.baseline().map(|share| [(0.0, share), (end, share)]);
    let told = records.filter(|it| it.topic == name && it.time_ms >= first.time_ms);
    let marks: Vec<[(f64, f64); 2]> =
        told.map(|it| at(it.time_ms)).map(|x| [(x, 0.0), (x, top)]).collect();
    let guides = usual.iter().map(|points| Series { name: "usual", points });
    let guides: Vec<_> =
        guides.chain(marks.iter().map(|points| Series { name: "", points })).collect();
    let series = [
        Series { name: "rolling share", points: &rolling },
        Series { name: "EWMA", points: &ewma },
    ];
    let alerts = if marks.is_empty() { "" } else { "; vertical lines: alerts" };
    let x_label = format!("{unit} since {}{alerts}", clock(&written(first.time_ms)));
    let chart = LineChart {
        series: &series,
        guides: &guides,
        x_range: Some((0.0, end)),
        y_range: Some((0.0, top)),
        ..LineChart::default()
    };
    let text = ChartText { title: "", x_label: &x_label, y_label: "share of negative texts" };
    Ok(format!("{}\n", chart.svg(text)?))
}

fn kind_name(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Opened => "opened",
        AlertKind::Escalated => "escalated",
        AlertKind::Cleared => "cleared",
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
    }
}

fn article(out: &mut String, record: &AlertRecord) {
    let severity = severity_name(record.severity);
    let class = if record.kind == AlertKind::Cleared { "cleared" } else { severity };
    write(
        out,
        format_args!(
            "<article class=\"{class}\"><h3>{}: {} alert {}</h3><p>{} &#183; {} of {} texts negative ({:.0} %), usually {:.0} %</p>\n",
            escaped(&record.topic),
            severity,
            kind_name(record.kind),
            clock(&record.time),
            record.negatives,
            record.texts,
            100.0 * record.share,
            100.0 * record.baseline,
        ),
    );
    if record.kind != AlertKind::Cleared && !record.evidence.is_empty() {
        out.push_str("<ul>");
        for text in &record.evidence {
            let (words, at) = (escaped(&text.text), clock(&text.time));
            write(out, format_args!("<li>{words} <small>{at}, {:.2}</small></li>", text.negative));
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</article>\n");
}

/// Into a string, where writing cannot fail.
fn write(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}
