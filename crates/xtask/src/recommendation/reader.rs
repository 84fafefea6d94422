//! A reader, and what she clicks.

use super::rng::Rng;
use super::topics::TOPICS;

/// How long something takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Short,
    Long,
}

/// Preferences; topics are places in [`TOPICS`].
pub(super) struct Reader {
    pub(super) likes: Vec<usize>,
    pub(super) tired_of: Option<usize>,
    pub(super) length: Length,
}

/// Something to click on.
pub(super) struct Item {
    pub(super) topic: usize,
    pub(super) length: Length,
}

impl Reader {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let all: Vec<usize> = (0..TOPICS.len()).collect();
        let mut topics = rng.pick_some(&all, 3);
        let last = topics.pop();
        Self { likes: topics, tired_of: last.filter(|_| rng.chance(0.4)), length: length(rng) }
    }

    /// An item that a site might show: often of a liked topic, else of one close to it, one
    /// that the reader is tired of, or any.
    pub(super) fn shown(&self, rng: &mut Rng) -> Item {
        let liked = rng.pick(&self.likes);
        let topic = match (rng.below(100), self.tired_of) {
            (0..44, _) => liked,
            (44..54, _) => close_to(liked, rng),
            (54..72, Some(tired_of)) => tired_of,
            _ => rng.below(TOPICS.len()),
        };
        Item { topic, length: length(rng) }
    }

    /// The hidden preference: the topic decides; where it is only close, the length does.
    pub(super) fn clicks(&self, item: &Item) -> bool {
        if self.tired_of == Some(item.topic) {
            return false;
        }
        let is_close = |&liked: &usize| TOPICS[liked].group == TOPICS[item.topic].group;
        self.likes.contains(&item.topic)
            || (self.likes.iter().any(is_close) && item.length == self.length)
    }
}

fn close_to(liked: usize, rng: &mut Rng) -> usize {
    let group = TOPICS[liked].group;
    let close: Vec<usize> =
        (0..TOPICS.len()).filter(|&topic| TOPICS[topic].group == group).collect();
    rng.pick(&close)
}

fn length(rng: &mut Rng) -> Length {
    if rng.chance(0.5) { Length::Short } else { Length::Long }
}
