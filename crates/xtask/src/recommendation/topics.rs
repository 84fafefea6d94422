//! What readers like and items are about. A topic's profile words and item words are different ones,
//! so that matching the two takes their meaning.

/// A subject with the words for it on either side.
pub(super) struct Topic {
    /// Subjects of the same group are close: who likes one may like another.
    pub(super) group: u8,
    /// How a profile speaks of it.
    pub(super) likes: [&'static str; 5],
    /// What items about it are called.
    pub(super) titles: [&'static str; 5],
    /// What their descriptions say.
    pub(super) about: [&'static str; 4],
    /// What they are filed under.
    pub(super) tags: [&'static str; 4],
}

pub(super) const TOPICS: [Topic; 16] = [
    Topic {
        group: 0,
        likes: ["weekend hikes", "mountain trails", "walking above the tree line", "backpacking with a tent", "summit views"],
        titles: ["Seven Ridges in Seven Days", "The Long Path North", "Boots First", "Above the Clouds on Foot", "Where the Track Ends"],
        about: ["crossing a high pass before noon", "what to carry when the hut is full", "routes with a steep climb and a quiet valley", "reading a contour map in fog"],
        tags: ["outdoors", "trekking", "alps", "gear"],
    },
    Topic {
        group: 0,
        likes: ["road cycling", "long rides on the bike", "fixing her own gears", "gravel tours", "watching the peloton"],
        titles: ["Two Wheels, One River", "The Derailleur Book", "Climbing Out of the Saddle", "Tarmac and Dust", "A Season in the Saddle"],
        about: ["pacing a hundred kilometres without breaking", "choosing tyres for rough lanes", "a stage race told from the team car", "truing a wheel at home"],
        tags: ["bicycle", "endurance", "touring", "workshop"],
    },
    Topic {
        group: 1,
        likes: ["baking sourdough", "homemade bread", "croissants at dawn", "cakes for every birthday", "a warm oven"],
        titles: ["Flour, Water, Patience", "The Crumb", "Lamination for Stubborn People", "Starter Diaries", "Crust"],
        about: ["why dough needs a slow night in the fridge", "folding butter into layers", "rescuing a flat loaf", "proofing times for rye and wheat"],
        tags: ["pastry", "fermentation", "yeast", "kitchen"],
    },
    Topic {
        group: 1,
        likes: ["cooking curries", "street food markets", "grinding her own spices", "noodle soups", "trying hot sauces"],
        titles: ["A Pot of Fire", "Wok Hei", "The Pepper Coast", "Broth", "Seven Chillies"],
        about: ["toasting cumin until it sings", "stalls that sell one dish only", "balancing lime, sugar and fish sauce", "stock simmered for a day"],
        tags: ["recipes", "asian cuisine", "spice", "dinner"],
    },
    Topic {
        group: 2,
        likes: ["space opera novels", "stories about robots", "first contact tales", "books set on other planets", "time travel paradoxes"],
        titles: ["The Andromeda Ledger", "Nine Light Years Late", "A Machine Called Mercy", "Colony Zero", "The Paradox Clerk"],
        about: ["a crew wakes in orbit around the wrong star", "an android who refuses an order", "messages from a civilisation long gone", "a future that keeps changing its past"],
        tags: ["science fiction", "aliens", "starship", "future"],
    },
    Topic {
        group: 2,
        likes: ["dragons and wizards", "epic quests", "books with a map in front", "magic schools", "old prophecies"],
        titles: ["The Salt Crown", "Ember and Oath", "A Staff of Ash", "The Last Runesmith", "Kingdom of Thorns"],
        about: ["an apprentice who cannot cast a single spell", "three realms at war over a sword", "an heir hidden among shepherds", "a beast that sleeps beneath the castle"],
        tags: ["fantasy", "sorcery", "saga", "myth"],
    },
    Topic {
        group: 3,
        likes: ["deep learning papers", "training neural networks", "language models", "kaggle evenings", "reading about transformers"],
        titles: ["Gradients at Midnight", "Attention, Explained Twice", "Overfitting for Fun", "The Loss Goes Down", "Weights and Measures"],
        about: ["why backpropagation works at all", "tuning a classifier with little data", "embeddings that know what words mean", "evaluating a chatbot honestly"],
        tags: ["machine learning", "AI", "models", "data science"],
    },
    Topic {
        group: 3,
        likes: ["systems programming", "writing compilers", "Rust and C", "open source side projects", "debugging at low level"],
        titles: ["Ownership Without Tears", "The Stack and the Heap", "Ship It on Friday", "Parsing by Hand", "Undefined Behaviour"],
        about: ["borrowing rules and why they matter", "a linker from scratch", "making a hot loop twice as quick", "pull requests that get merged"],
        tags: ["software", "coding", "performance", "developer"],
    },
    Topic {
        group: 4,
        likes: ["ancient Rome", "stories of emperors", "ruins and aqueducts", "Latin inscriptions", "the fall of empires"],
        titles: ["The Senator's Shadow", "Legions", "Bread, Circuses, Taxes", "Under the Forum", "The Last Consul"],
        about: ["daily life of a centurion", "why the republic broke", "mosaics dug up beneath a car park", "roads that outlived their builders"],
        tags: ["antiquity", "history", "archaeology", "caesar"],
    },
    Topic {
        group: 4,
        likes: ["the Second World War", "wartime diaries", "documentaries on the resistance", "codebreakers", "naval battles"],
        titles: ["Letters from the Eastern Front", "The Cipher Room", "Convoy", "A Village Occupied", "June, 1944"],
        about: ["the machine that read the enemy's mail", "a family that hid strangers", "submarines hunting in the Atlantic", "the landing told hour by hour"],
        tags: ["military history", "1940s", "memoir", "europe"],
    },
    Topic {
        group: 5,
        likes: ["index funds", "saving for retirement", "reading annual reports", "stock picking", "talk about interest rates"],
        titles: ["The Boring Portfolio", "Dividends and Other Comforts", "Reading a Balance Sheet", "Bulls, Bears, Owls", "Compound"],
        about: ["why fees eat returns", "what a falling bond price tells", "diversifying without forty accounts", "valuing a company by its cash"],
        tags: ["investing", "finance", "markets", "money"],
    },
    Topic {
        group: 5,
        likes: ["founding startups", "pitching to investors", "product launches", "bootstrapped businesses", "growth stories"],
        titles: ["Ramen Profitable", "The First Ten Customers", "Pivot", "Term Sheets", "Founders Who Stayed"],
        about: ["hiring when there is no money", "finding what people will pay for", "a company sold too early", "equity split among friends"],
        tags: ["entrepreneurship", "venture", "company", "strategy"],
    },
    Topic {
        group: 6,
        likes: ["jazz records", "late night saxophone", "bebop", "the history of blues", "improvising on piano"],
        titles: ["Blue Hours", "Five Clubs, One Street", "The Walking Bass", "Changes", "A Trumpet in the Rain"],
        about: ["a quartet that never rehearsed", "chords that want to go home", "recording sessions from the fifties", "swing and why it moves us"],
        tags: ["music", "saxophone", "improvisation", "vinyl"],
    },
    Topic {
        group: 6,
        likes: ["playing the guitar", "indie concerts", "songwriting", "punk bands", "festival summers"],
        titles: ["Three Chords", "Feedback", "Garage Years", "The Encore", "Verse, Chorus, Van"],
        about: ["a group on tour with one amplifier", "writing lyrics that do not rhyme", "riffs everybody knows", "how a small label survived"],
        tags: ["rock", "bands", "live", "strings"],
    },
    Topic {
        group: 7,
        likes: ["yoga before work", "meditation", "breathing exercises", "sleeping better", "calm routines"],
        titles: ["Ten Quiet Minutes", "The Body Scan", "Downward, Upward", "Rest Is a Practice", "Still"],
        about: ["noticing thoughts without chasing them", "stretches for stiff shoulders", "an evening without screens", "stress and how to put it down"],
        tags: ["mindfulness", "wellbeing", "relaxation", "health"],
    },
    Topic {
        group: 7,
        likes: ["weight training", "protein recipes", "marathon plans", "kettlebells", "measuring his pulse"],
        titles: ["Progressive Overload", "The Plateau", "Lift, Eat, Sleep", "Strong Past Forty", "Intervals"],
        about: ["squats that spare the knees", "building muscle on three days a week", "running faster by running slower", "recovery after a heavy session"],
        tags: ["fitness", "strength", "gym", "coach"],
    },
];
