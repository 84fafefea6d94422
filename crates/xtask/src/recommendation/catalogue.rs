//! The items of a site: each title with each description of its topic, priced, dated, more or less good.

use super::reader::{Item, Length};
use super::rng::Rng;
use super::topics::TOPICS;
use super::wording;

/// Days before the first session in which items came out.
const DAYS: usize = 180;

/// Something on sale.
pub(super) struct Ware {
    pub(super) id: String,
    pub(super) kind: Item,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) terms: Vec<&'static str>,
    /// In cents.
    pub(super) price: usize,
    /// Day it came out; sessions begin on day 0.
    pub(super) published: i64,
    /// How good it is, whoever reads it; nobody is told.
    pub(super) appeal: f64,
    /// How often readers of whom no session is shipped clicked it before day 0.
    pub(super) clicks: usize,
}

/// 320 items, in random order.
pub(super) fn wares(rng: &mut Rng) -> Vec<Ware> {
    let places: Vec<(usize, usize, usize)> = (0..TOPICS.len())
        .flat_map(|topic| {
            (0..5).flat_map(move |title| (0..4).map(move |about| (topic, title, about)))
        })
        .collect();
    let places = rng.pick_some(&places, places.len());
    (1..).zip(places).map(|(number, place)| ware(number, place, rng)).collect()
}

fn ware(number: usize, (topic, title, about): (usize, usize, usize), rng: &mut Rng) -> Ware {
    let length = if rng.chance(0.5) { Length::Short } else { Length::Long };
    let words = &TOPICS[topic];
    let title = format!("{}: {}", words.titles[title], words.about[about]);
    let terms = rng.pick_some(&words.tags, 2);
    let text = format!("{title}. {} Tags: {}.", wording::length(length, rng), terms.join(", "));
    Ware {
        id: format!("i{number:03}"),
        kind: Item { topic, length },
        title,
        text,
        terms,
        price: 150 + 50 * rng.below(22),
        published: -1 - rng.below(DAYS) as i64,
        appeal: rng.normal(),
        clicks: 0,
    }
}

/// A line of the catalogue.
pub(super) fn line(ware: &Ware) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\\\""));
    let terms: Vec<String> = ware.terms.iter().map(|term| quoted(term)).collect();
    format!(
        "{{\"item\": \"{}\", \"title\": {}, \"text\": {}, \"terms\": [{}], \"published\": \"{}\", \"clicks\": {}, \"signals\": {{\"price\": {}}}}}\n",
        ware.id,
        quoted(&ware.title),
        quoted(&ware.text),
        terms.join(", "),
        date(ware.published),
        ware.clicks,
        ware.price as f64 / 100.0,
    )
}

/// A day, counted from 2026-03-01, as a date.
///
/// # Reference
/// Hinnant (2013), chrono-compatible low-level date algorithms.
pub(crate) fn date(day: i64) -> String {
    const FIRST: i64 = 20_513; // 2026-03-01, in days since 1970
    let days = FIRST + day + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month) =
        (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let dates =
            [(0, "2026-03-01"), (-1, "2026-02-28"), (-60, "2025-12-31"), (31, "2026-04-01")];
        for (day, expected) in dates {
            assert_eq!(date(day), expected);
        }
    }
}
