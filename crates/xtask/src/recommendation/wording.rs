//! Preferences and items in words.

use super::reader::{Item, Length, Reader};
use super::rng::Rng;
use super::topics::TOPICS;

const OPENINGS: [&str; 6] = [
    "Recently liked {}.",
    "Enjoys {}.",
    "Keeps coming back to {}.",
    "Saved and shared pieces on {}.",
    "Can talk for hours about {}.",
    "Last month it was all {}.",
];
const TIRED: [&str; 5] = [
    "Is tired of {}.",
    "Skips anything on {}.",
    "Has had enough of {}.",
    "Muted {} weeks ago.",
    "No more {}, please.",
];
const LIKES_SHORT: [&str; 5] = [
    "Reads in short breaks.",
    "Wants it brief.",
    "Only ever has five minutes.",
    "Stops after a page or two.",
    "Prefers quick bites on the train.",
];
const LIKES_LONG: [&str; 5] = [
    "Has whole evenings to read.",
    "Prefers long and thorough pieces.",
    "Loves a deep dive.",
    "Does not mind five hundred pages.",
    "Finishes every long read.",
];
const SHORT: [&str; 5] = [
    "A five-minute read.",
    "Short and to the point.",
    "A quick one for the bus.",
    "Two pages.",
    "Brief.",
];
const LONG: [&str; 5] = [
    "A long, thorough treatment.",
    "Six hours of it.",
    "Four hundred pages.",
    "An in-depth series.",
    "Takes its time.",
];
const JOINS: [&str; 3] = [": ", " - ", ". "];

/// A profile with its recent likes. A topic is told by what its readers say and mostly also by a word
/// that items about it may be filed under.
pub(super) fn profile(reader: &Reader, rng: &mut Rng) -> String {
    let mut likes = Vec::new();
    for &topic in &reader.likes {
        likes.push(rng.pick(&TOPICS[topic].likes));
        let filed = rng.chance(0.85);
        likes.push(rng.pick(if filed {
            &TOPICS[topic].tags[..]
        } else {
            &TOPICS[topic].likes[..]
        }));
    }
    likes.dedup();
    let mut sentences = vec![rng.pick(&OPENINGS).replace("{}", &list(&likes))];
    if let Some(tired_of) = reader.tired_of {
        sentences.push(rng.pick(&TIRED).replace("{}", rng.pick(&TOPICS[tired_of].likes)));
    }
    if rng.chance(0.75) {
        let length = match reader.length {
            Length::Short => rng.pick(&LIKES_SHORT),
            Length::Long => rng.pick(&LIKES_LONG),
        };
        sentences.insert(rng.below(sentences.len() + 1), length.to_owned());
    }
    sentences.join(" ")
}

/// An item's title, description and tags.
pub(super) fn item(item: &Item, rng: &mut Rng) -> String {
    let topic = &TOPICS[item.topic];
    let mut text = format!("{}{}", rng.pick(&topic.titles), rng.pick(&JOINS));
    text += &capitalised(rng.pick(&topic.about));
    text += &format!(". {}", length(item.length, rng));
    let count = 2 + rng.below(2);
    text += &format!(" Tags: {}.", rng.pick_some(&topic.tags, count).join(", "));
    text
}

/// How long something takes.
pub(super) fn length(length: Length, rng: &mut Rng) -> &'static str {
    match length {
        Length::Short => rng.pick(&SHORT),
        Length::Long => rng.pick(&LONG),
    }
}

fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_whole_and_no_placeholder_is_left() {
        let mut rng = Rng::new(3);
        for _ in 0..2000 {
            let reader = Reader::new(&mut rng);
            let shown = reader.shown(&mut rng);
            for text in [profile(&reader, &mut rng), item(&shown, &mut rng)] {
                assert!(text.len() > 20 && text.ends_with('.'), "{text}");
                assert!(!text.contains(['{', '}']) && !text.contains("  "), "{text}");
            }
        }
    }

    #[test]
    fn a_topic_is_told_in_different_words_to_readers_and_in_items() {
        for topic in &TOPICS {
            let item_phrases = topic.titles.iter().chain(&topic.about).chain(&topic.tags);
            for phrase in item_phrases {
                assert!(!topic.likes.contains(phrase), "{phrase} is a profile phrase too");
            }
        }
    }
}
