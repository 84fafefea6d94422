//! Preferences and items in words.

use super::reader::{Item, Length, Level, Reader};
use super::rng::Rng;
use super::topics::TOPICS;

const OPENINGS: [&str; 6] = [
    "Recently liked: {}.",
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
const IS_BEGINNER: [&str; 4] =
    ["New to most of it.", "Looks for gentle introductions.", "Likes things explained simply.", "Just starting out."];
const IS_EXPERT: [&str; 4] =
    ["Knows the basics cold.", "Looks for advanced material.", "Wants expert detail.", "Bored by introductions."];
const SHORT: [&str; 5] =
    ["A five-minute read.", "Short and to the point.", "A quick one for the bus.", "Two pages.", "Done before the coffee is cold."];
const LONG: [&str; 5] =
    ["A long, thorough treatment.", "Six hours of it.", "Four hundred pages.", "An in-depth series in eight parts.", "Takes its time."];
const FOR_BEGINNERS: [&str; 4] =
    ["No prior knowledge needed.", "For beginners.", "Starts from zero.", "A friendly first look."];
const FOR_EXPERTS: [&str; 4] =
    ["For advanced readers.", "Assumes you know the field.", "Expert level.", "Skips the basics."];
const JOINS: [&str; 3] = [": ", " - ", ". "];

/// A profile with its recent likes.
pub(super) fn profile(reader: &Reader, rng: &mut Rng) -> String {
    let likes: Vec<&str> = reader
        .likes
        .iter()
        .flat_map(|&topic| {
            let count = 1 + rng.below(2);
            rng.pick_some(&TOPICS[topic].likes, count)
        })
        .collect();
    let length = match reader.length {
        Length::Short => rng.pick(&LIKES_SHORT),
        Length::Long => rng.pick(&LIKES_LONG),
    };
    let level = match reader.level {
        Level::Beginner => rng.pick(&IS_BEGINNER),
        Level::Expert => rng.pick(&IS_EXPERT),
    };
    let tired = rng.pick(&TIRED).replace("{}", rng.pick(&TOPICS[reader.tired_of].likes));
    let mut sentences = vec![tired.as_str(), length, level];
    let order = rng.pick_some(&[0, 1, 2], 3);
    sentences = order.into_iter().map(|place| sentences[place]).collect();
    let opening = rng.pick(&OPENINGS).replace("{}", &list(&likes));
    if rng.chance(0.7) {
        sentences.insert(0, &opening);
    } else {
        sentences.push(&opening);
    }
    sentences.join(" ")
}

/// An item's title, description and tags.
pub(super) fn item(item: &Item, rng: &mut Rng) -> String {
    let topic = &TOPICS[item.topic];
    let length = match item.length {
        Length::Short => rng.pick(&SHORT),
        Length::Long => rng.pick(&LONG),
    };
    let level = match item.level {
        Level::Beginner => rng.pick(&FOR_BEGINNERS),
        Level::Expert => rng.pick(&FOR_EXPERTS),
    };
    let count = 1 + rng.below(2);
    let about = capitalised(&list(&rng.pick_some(&topic.about, count)));
    let mut text = format!("{}{}{about}.", rng.pick(&topic.titles), rng.pick(&JOINS));
    let (first, second) = if rng.chance(0.5) { (length, level) } else { (level, length) };
    text += &format!(" {first} {second}");
    if rng.chance(0.8) {
        let count = 1 + rng.below(3);
        text += &format!(" Tags: {}.", rng.pick_some(&topic.tags, count).join(", "));
    }
    text
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
