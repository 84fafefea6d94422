//! How lists and libtorch's own messages stand in an error.

/// libtorch appends a C++ backtrace to its messages; a user needs the first line.
pub(super) fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

pub(super) fn numbers(rows: &[usize]) -> String {
    const SHOWN: usize = 32;
    let shown: Vec<String> = rows.iter().take(SHOWN).map(usize::to_string).collect();
    let more = rows.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

pub(super) fn damaged(faults: &[String]) -> String {
    if faults.is_empty() { String::new() } else { format!(" ({})", faults.join("; ")) }
}

/// The first few of many names.
pub(super) fn names(all: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = all.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => "none".to_owned(),
        n if n > SHOWN => format!("{shown} and {} more", n - SHOWN),
        _ => shown,
    }
}
