//! What news are made of: a subject of a topic, a predicate of a sentiment, an ending, places.

use crate::recommendation::Rng;

/// The topics.
pub(super) const NAMES: [&str; 4] = ["rail", "power", "banking", "parcels"];

/// Phrases that texts are put together from; `{}` is a place.
pub(super) struct Bank {
    /// By topic.
    subjects: [&'static [&'static str]; 4],
    /// Negative, neutral, positive.
    predicates: [&'static [&'static str]; 3],
    endings: &'static [&'static str],
    places: &'static [&'static str],
}

impl Bank {
    pub(super) fn text(&self, topic: usize, sentiment: usize, rng: &mut Rng) -> String {
        let mut text = format!(
            "{} {}{}.",
            rng.pick(self.subjects[topic]),
            rng.pick(self.predicates[sentiment]),
            rng.pick(self.endings)
        );
        while text.contains("{}") {
            text = text.replacen("{}", rng.pick(self.places), 1);
        }
        text
    }

    /// Its phrases, kind by kind.
    #[cfg(test)]
    pub(super) fn phrases(&self) -> impl Iterator<Item = &[&'static str]> {
        let rest = [self.endings, self.places];
        self.subjects.into_iter().chain(self.predicates).chain(rest)
    }
}

/// For training and validation.
pub(super) const TRAINING: Bank = Bank {
    subjects: [
        &[
            "The night train to {}",
            "The {} tram line",
            "The ticket office at {} station",
            "The railway between {} and the coast",
            "The commuter service from {}",
            "The new locomotive of the {} line",
        ],
        &[
            "The electricity supply in {}",
            "The {} power station",
            "The grid operator of {}",
            "The wind farm off {}",
            "The meter reading service in {}",
            "The new power line to {}",
        ],
        &[
            "The {} savings bank",
            "The mobile app of the {} bank",
            "The cash machine in {}",
            "The mortgage department in {}",
            "The credit card hotline of {}",
            "The bank branch in {}",
        ],
        &[
            "The parcel depot in {}",
            "The courier service of {}",
            "The post office in {}",
            "The package tracking page for {}",
            "The delivery round in {}",
            "The letter sorting centre in {}",
        ],
    ],
    predicates: [
        &[
            "left customers waiting for hours",
            "broke down again",
            "failed without warning",
            "drew hundreds of complaints",
            "got worse for the third week",
            "costs families more than they can bear",
            "collapsed during the busiest hour",
            "ignored repeated warnings",
            "made people furious",
            "lost records and gave no answer",
            "charged people twice and refused refunds",
            "put staff and the public at risk",
            "missed every target this quarter",
            "was called a disgrace by users",
            "ruined the holiday of many families",
            "stopped working and nobody came",
            "is unreliable, rude and far too expensive",
            "faces angry protests after another accident",
        ],
        &[
            "will publish its plan on Tuesday",
            "is under review by the council",
            "changes its opening hours from Monday",
            "was discussed at the annual meeting",
            "will be renumbered next month",
            "covers the same area as before",
            "is described in a new brochure",
            "moves to another building in June",
            "employs about sixty people",
            "reported figures close to last year's",
            "is to be surveyed in autumn",
            "has a new logo",
            "will be audited every two years",
            "was the subject of a routine inspection",
            "continues under the present contract",
            "appointed a new spokesperson",
            "is mentioned in the regional statistics",
            "has been managed from {} for ten years",
        ],
        &[
            "won praise for quick and friendly help",
            "halved the waiting time",
            "was repaired ahead of schedule",
            "came in under budget",
            "made life easier for older people",
            "reached a record level of satisfaction",
            "thanked volunteers for a splendid job",
            "cut prices for families",
            "opened a beautiful new centre",
            "worked without a single fault all month",
            "earned an award for safety",
            "delighted customers with a generous offer",
            "recovered faster than anyone had hoped",
            "is cleaner and quieter than ever",
            "solved an old problem at last",
            "got top marks from users",
            "is reliable, polite and good value",
            "celebrates its best year so far",
        ],
    ],
    endings: &["", ", officials said", " this week", ", a report shows", ", the mayor of {} said"],
    places: &[
        "Aldmoor",
        "Brenley",
        "Castle Wyre",
        "Dunmarsh",
        "Eastholm",
        "Fernhill",
        "Greyport",
        "Hollin",
        "Ivybridge Sands",
        "Kelbrook",
        "Larkhaven",
        "Millgate",
    ],
};

/// For the stream alone.
pub(super) const STREAM: Bank = Bank {
    subjects: [
        &[
            "The regional express through {}",
            "Platform four at {}",
            "The suburban rail link to {}",
            "The sleeper carriage from {}",
            "The train driver roster in {}",
        ],
        &[
            "The substation in {}",
            "The energy supplier of {}",
            "The solar park near {}",
            "The high-voltage cable to {}",
            "The street lighting of {}",
        ],
        &[
            "The online banking portal of {}",
            "The loan desk in {}",
            "The building society of {}",
            "The card payment system in {}",
            "The account opening service of {}",
        ],
        &[
            "The mail carrier for {}",
            "The locker for packages in {}",
            "The express shipping desk in {}",
            "The postal counter in {}",
            "The doorstep delivery team of {}",
        ],
    ],
    predicates: [
        &[
            "let people down once more",
            "turned into chaos after midnight",
            "angered residents with endless delays",
            "was out of order all day",
            "came under fire for shocking neglect",
            "suffered its worst failure in years",
            "kept callers on hold until they gave up",
            "went wrong and left a mess behind",
            "failed those who need it most",
            "brought misery to thousands",
            "is a nightmare, regulars complain",
            "was shut after a dangerous fault",
        ],
        &[
            "is the topic of a public hearing on Thursday",
            "will be measured again in spring",
            "keeps its present name",
            "released its calendar for the coming year",
            "was presented to members of the committee",
            "is run by the same company until 2030",
            "invites bids for office furniture",
            "sends its quarterly bulletin today",
            "counted nine hundred users in April",
            "has its seat in {} from now on",
            "is listed in the county register",
            "uses forms in a different colour from July",
        ],
        &[
            "surprised everyone with excellent service",
            "is running smoothly, to general relief",
            "was applauded for its courtesy",
            "saves households a good deal of money",
            "beat its own record for punctuality",
            "finished the upgrade early",
            "made visitors smile",
            "is safer thanks to a clever idea",
            "received warm thanks from grateful neighbours",
            "is a pleasure to use, regulars say",
            "was named the best in the county",
            "turned a loss into a healthy gain",
        ],
    ],
    endings: &["", ", according to the operator", " since the weekend", ", readers write from {}"],
    places: &[
        "Ashby Cross",
        "Lindow",
        "Marrick",
        "North Quay",
        "Oxbeck",
        "Pennard",
        "Quarrybank",
        "Rushford",
        "Saltmere",
        "Thornley",
        "Upper Vale",
        "Westry",
    ],
};
