//! Which checkpoints stay.

use std::fs;
use std::path::Path;

use crate::error::Context;
use crate::{Result, files};

/// The steps of the folder's checkpoints, the oldest first.
pub(super) fn saved_steps(dir: &Path) -> Result<Vec<u64>> {
    let mut steps = Vec::new();
    for entry in fs::read_dir(dir).at(dir)? {
        let entry = entry.at(dir)?;
        steps.extend(files::checkpoint_step(&entry.file_name().to_string_lossy()));
    }
    steps.sort_unstable();
    Ok(steps)
}

/// The checkpoints to delete of those `saved`, in ascending order, so that `limit` stay: the newest,
/// and among them that of the best evaluation if there is one. The newest always stays, and the best
/// too, even at a limit of 1.
pub(super) fn deletions(saved: &[u64], best: Option<u64>, limit: Option<usize>) -> Vec<u64> {
    let Some(limit) = limit else { return Vec::new() };
    let best = best.filter(|best| saved.contains(best));
    let others: Vec<u64> = saved.iter().copied().filter(|step| Some(*step) != best).collect();
    let room = match best {
        Some(best) if saved.last() == Some(&best) => limit.saturating_sub(1),
        Some(_) => limit.saturating_sub(1).max(1),
        None => limit.max(1),
    };
    let surplus = others.len().saturating_sub(room);
    others.into_iter().take(surplus).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_and_the_best_stay() {
        let saved = [2, 4, 6, 8];
        assert!(deletions(&saved, Some(2), None).is_empty());
        assert_eq!(deletions(&saved, None, Some(2)), [2, 4]);
        assert_eq!(deletions(&saved, Some(2), Some(2)), [4, 6]);
        assert_eq!(deletions(&saved, Some(8), Some(2)), [2, 4]);
        assert_eq!(deletions(&saved, Some(8), Some(1)), [2, 4, 6]);
        assert_eq!(deletions(&saved, Some(4), Some(1)), [2, 6]);
        assert_eq!(deletions(&saved, Some(5), Some(3)), [2]);
        assert!(deletions(&[], None, Some(1)).is_empty());
    }
}
