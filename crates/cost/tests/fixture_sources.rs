//! Reference values without a source are none: every fixture is in the notes beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_fixture_has_its_source_in_the_notes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let notes = std::fs::read_to_string(folder.join("SOURCES.md")).unwrap();
    let noted: BTreeSet<String> = notes
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter(|(_, source)| source.split(" |").next().is_some_and(|source| source.len() > 10))
        .map(|(name, _)| name.to_owned())
        .collect();
    let files = std::fs::read_dir(&folder).unwrap();
    let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<String> = names.filter(|name| name.ends_with(".json")).collect();
    assert!(kept.len() > 15);
    assert_eq!(noted, kept, "fixtures/SOURCES.md against the folder");
}
