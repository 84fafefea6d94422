//! A reader, and what she clicks.

use super::rng::Rng;
use super::topics::TOPICS;

/// How long something takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Short,
    Long,
}

/// What something asks of its reader.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Beginner,
    Expert,
}

/// Preferences; topics are places in [`TOPICS`].
pub(super) struct Reader {
    pub(super) likes: Vec<usize>,
    pub(super) tired_of: usize,
    pub(super) length: Length,
    pub(super) level: Level,
}

/// Something to click on.
pub(super) struct Item {
    pub(super) topic: usize,
    pub(super) length: Length,
    pub(super) level: Level,
}

impl Reader {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let all: Vec<usize> = (0..TOPICS.len()).collect();
        let count = 2 + rng.below(2);
        let mut topics = rng.pick_some(&all, count + 1);
        let tired_of = topics.swap_remove(0);
        Self { likes: topics, tired_of, length: length(rng), level: level(rng) }
    }

    /// An item that a site might show: often of a liked topic, sometimes of a close or a tired one.
    pub(super) fn shown(&self, rng: &mut Rng) -> Item {
        let topic = match rng.below(100) {
            0..62 => rng.pick(&self.likes),
            62..74 => self.tired_of,
            74..84 => self.close(rng),
            _ => rng.below(TOPICS.len()),
        };
        Item { topic, length: length(rng), level: level(rng) }
    }

    fn close(&self, rng: &mut Rng) -> usize {
        let liked = rng.pick(&self.likes);
        let group: Vec<usize> =
            (0..TOPICS.len()).filter(|&t| TOPICS[t].group == TOPICS[liked].group).collect();
        rng.pick(&group)
    }

    /// The hidden preference: the topic decides, length and level tip the balance.
    pub(super) fn clicks(&self, item: &Item) -> bool {
        const THRESHOLD: f64 = 1.5;
        let group = TOPICS[item.topic].group;
        let topic = if item.topic == self.tired_of {
            -2.0
        } else if self.likes.contains(&item.topic) {
            2.0
        } else if self.likes.iter().any(|&liked| TOPICS[liked].group == group) {
            1.0
        } else {
            0.0
        };
        let length = if item.length == self.length { 0.8 } else { -0.8 };
        let level = if item.level == self.level { 0.6 } else { -0.6 };
        topic + length + level > THRESHOLD
    }
}

fn length(rng: &mut Rng) -> Length {
    if rng.chance(0.5) { Length::Short } else { Length::Long }
}

fn level(rng: &mut Rng) -> Level {
    if rng.chance(0.5) { Level::Beginner } else { Level::Expert }
}
