//! What a search compares: words without their endings, pairs of Chinese characters.

/// The terms of a text: words in small letters without an English plural's `s`, numbers, and of
/// characters that are written without spaces each pair of neighbours (a lone one by itself).
pub(super) fn terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let (mut word, mut run) = (String::new(), Vec::new());
    for c in text.chars().chain([' ']) {
        if is_unspaced(c) {
            end_word(&mut word, &mut terms);
            run.push(c);
            continue;
        }
        end_run(&mut run, &mut terms);
        match c {
            // "don't" is one word, typed with either apostrophe.
            '\'' | '\u{2019}' if !word.is_empty() => {}
            _ if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            _ => end_word(&mut word, &mut terms),
        }
    }
    terms
}

fn end_word(word: &mut String, terms: &mut Vec<String>) {
    if !word.is_empty() {
        terms.push(stem(&std::mem::take(word)));
    }
}

fn end_run(run: &mut Vec<char>, terms: &mut Vec<String>) {
    match run.as_slice() {
        [lone] => terms.push(lone.to_string()),
        run => terms.extend(run.windows(2).map(|pair| pair.iter().collect::<String>())),
    }
    run.clear();
}

/// The three rules for plurals of Harman (1991), How effective is suffixing?, for words of four letters or
/// more: of the first ending that a word has, the rule applies or none does.
fn stem(word: &str) -> String {
    let has = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    let singular = |ending: &str, by: &str| match word.strip_suffix(ending) {
        Some(root) => format!("{root}{by}"),
        None => word.to_owned(),
    };
    if word.chars().count() < 4 {
        word.to_owned()
    } else if has(&["ies"]) {
        if has(&["eies", "aies"]) { word.to_owned() } else { singular("ies", "y") }
    } else if has(&["es"]) {
        if has(&["aes", "ees", "oes"]) { word.to_owned() } else { singular("s", "") }
    } else if has(&["us", "ss"]) {
        word.to_owned()
    } else {
        singular("s", "")
    }
}

/// Han, Hiragana and Katakana.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_plurals_and_characters_pair() {
        assert_eq!(terms("Deliveries, my ORDER's cards"), ["delivery", "my", "order", "card"]);
        assert_eq!(
            terms("status address cases bus ies"),
            ["status", "address", "case", "bus", "ies"]
        );
        assert_eq!(terms("退款要几天? 3天"), ["退款", "款要", "要几", "几天", "3", "天"]);
        assert_eq!(terms("don\u{2019}t don't"), ["dont", "dont"]);
        assert!(terms(" \u{1f600} !?").is_empty());
    }
}
