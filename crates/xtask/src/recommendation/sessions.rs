//! What readers were shown and what they clicked, with what they had clicked before.

use super::GeneratedFile;
use super::catalogue::{Ware, date, line, wares};
use super::reader::{Length, Reader};
use super::rng::Rng;
use super::topics::TOPICS;

/// A file, its sessions, the items of each, and the days they lie in.
const FILES: [(&str, usize, usize, (i64, i64)); 3] = [
    ("sessions-train.jsonl", 400, 10, (0, 28)),
    ("sessions-validation.jsonl", 100, 20, (28, 35)),
    ("sessions-test.jsonl", 250, 20, (35, 49)),
];
/// Sessions of other readers that the popularity comes from.
const EARLIER: usize = 4000;
/// Days before day 0 in which they lie; half of the items came out before.
const EARLIER_DAYS: usize = 90;
/// Share of the sessions of a reader of whom nothing is known.
const NEW_READERS: f64 = 0.04;

/// The catalogue and the sessions of a seed.
pub(crate) fn generate(seed: u64) -> Vec<GeneratedFile> {
    let mut rng = Rng::new(seed);
    let mut wares = wares(&mut rng);
    for _ in 0..EARLIER {
        let day = -(rng.below(EARLIER_DAYS) as i64);
        let reader = Reader::new(&mut rng);
        for place in shown((&reader, day), &wares, 20, &mut rng) {
            wares[place].clicks += usize::from(clicks((&reader, day), &wares[place], &mut rng));
        }
    }
    let mut files =
        vec![GeneratedFile { name: "items.jsonl", contents: wares.iter().map(line).collect() }];
    let mut number = 0;
    for (name, sessions, items, (from, to)) in FILES {
        let mut contents = String::new();
        for place in 0..sessions {
            number += 1;
            let day = from + (to - from) * place as i64 / sessions as i64;
            contents += &session((number, day), &wares, items, &mut rng);
        }
        files.push(GeneratedFile { name, contents });
    }
    files
}

/// One session of a reader who comes once.
fn session((number, day): (usize, i64), wares: &[Ware], items: usize, rng: &mut Rng) -> String {
    let reader = Reader::new(rng);
    let history = if rng.chance(NEW_READERS) { Vec::new() } else { history(&reader, wares, rng) };
    let mut clicked = Vec::new();
    let mut candidates = Vec::new();
    // A session without a click is not kept: it says nothing of an order.
    while clicked.is_empty() {
        candidates = shown((&reader, day), wares, items + history.len(), rng);
        candidates.retain(|place| !history.contains(place));
        candidates.truncate(items);
        clicked.extend(
            candidates.iter().copied().filter(|place| clicks((&reader, day), &wares[*place], rng)),
        );
    }
    let ids = |places: &[usize]| {
        let ids: Vec<String> = places.iter().map(|it| format!("\"{}\"", wares[*it].id)).collect();
        ids.join(", ")
    };
    format!(
        "{{\"reader\": \"r{number:03}\", \"time\": \"{}T{:02}:{:02}:00Z\", \"history\": [{}], \"shown\": [{}], \"clicked\": [{}]}}\n",
        date(day),
        6 + rng.below(17),
        rng.below(60),
        ids(&history),
        ids(&candidates),
        ids(&clicked),
    )
}

/// What she clicked in the weeks before, 4 to 8 items.
fn history(reader: &Reader, wares: &[Ware], rng: &mut Rng) -> Vec<usize> {
    let wanted = 4 + rng.below(5);
    let mut history = Vec::new();
    while history.len() < wanted {
        for place in shown((reader, 0), wares, 10, rng) {
            if history.len() < wanted
                && !history.contains(&place)
                && clicks((reader, 0), &wares[place], rng)
            {
                history.push(place);
            }
        }
    }
    history
}

/// Different items that are out: one in three of a liked topic, one in six of a close one, else any.
fn shown((reader, day): (&Reader, i64), wares: &[Ware], count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut places = Vec::new();
    while places.len() < count {
        let liked = rng.pick(&reader.likes);
        let place = rng.below(wares.len());
        let topic = wares[place].kind.topic;
        let wanted = match rng.below(6) {
            0 | 1 => topic == liked,
            2 => TOPICS[topic].group == TOPICS[liked].group,
            _ => true,
        };
        if wanted && wares[place].published < day && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Whether she clicks: her interest decides most, then how good, new and cheap the item is.
fn clicks((reader, day): (&Reader, i64), ware: &Ware, rng: &mut Rng) -> bool {
    let topic = ware.kind.topic;
    let is_close = |liked: &usize| TOPICS[*liked].group == TOPICS[topic].group;
    let suits = matches!(
        (reader.length, ware.kind.length),
        (Length::Short, Length::Short) | (Length::Long, Length::Long)
    );
    let interest = if reader.tired_of == Some(topic) {
        -4.0
    } else if reader.likes.contains(&topic) {
        2.4
    } else if reader.likes.iter().any(is_close) {
        if suits { 0.8 } else { -1.0 }
    } else {
        -2.2
    };
    let newness = 0.5f64.powf((day - ware.published) as f64 / 30.0);
    let log_odds =
        -0.8 + interest + 0.8 * ware.appeal + 0.8 * newness - 0.0015 * (ware.price as f64 - 650.0);
    rng.chance(1.0 / (1.0 + (-log_odds).exp()))
}
