//! The generator of the shipped recommendation data: readers with hidden preferences, items, clicks.

mod catalogue;
mod reader;
mod rng;
mod sessions;
mod topics;
mod wording;

use std::collections::HashSet;

pub(crate) use catalogue::date;
use reader::Reader;
pub(crate) use rng::Rng;
pub(crate) use sessions::generate as generate_sessions;

/// A file and what it holds.
pub(crate) struct GeneratedFile {
    pub(crate) name: &'static str,
    pub(crate) contents: String,
}

/// Rows of each file.
const FILES: [(&str, usize); 3] = [("train.csv", 2000), ("validation.csv", 500), ("test.csv", 500)];

/// Share of the clicks that are accidents.
const NOISE: f64 = 0.05;

/// The files of a seed: no two rows are equal, within a file or across.
pub(crate) fn generate(seed: u64) -> Vec<GeneratedFile> {
    let mut rng = Rng::new(seed);
    let mut seen = HashSet::new();
    let mut row = move || loop {
        let reader = Reader::new(&mut rng);
        let item = reader.shown(&mut rng);
        let clicked = reader.clicks(&item) != rng.chance(NOISE);
        let texts = (wording::profile(&reader, &mut rng), wording::item(&item, &mut rng));
        if seen.insert(texts.clone()) {
            break format!("{},{},{}\n", quoted(&texts.0), quoted(&texts.1), u8::from(clicked));
        }
    };
    let file = |(name, rows): (&'static str, usize)| GeneratedFile {
        name,
        contents: "text,text_pair,label\n".to_owned()
            + &(0..rows).map(|_| row()).collect::<String>(),
    };
    FILES.map(file).into()
}

/// A CSV cell; every one has a comma or may have.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(seed: u64) -> Vec<String> {
        let lines = |file: GeneratedFile| {
            file.contents.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        generate(seed).into_iter().flat_map(lines).collect()
    }

    #[test]
    fn a_seed_gives_the_same_rows_and_another_seed_others() {
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
    }

    #[test]
    fn rows_are_distinct_and_labels_near_balance() {
        let rows = rows(7);
        assert_eq!(rows.len(), 3000);
        assert_eq!(rows.iter().collect::<HashSet<_>>().len(), rows.len());
        let clicked =
            rows.iter().filter(|row| row.ends_with(",1")).count() as f64 / rows.len() as f64;
        assert!((0.42..=0.58).contains(&clicked), "{clicked}");
    }
}
