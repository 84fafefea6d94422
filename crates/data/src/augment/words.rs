//! Texts in pieces.

/// A word, or what lies between words. The pieces of a text side by side are the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) word: bool,
}

#[derive(PartialEq, Clone, Copy)]
enum Class {
    Letter,
    /// A Chinese, Japanese or Korean character: a word by itself, since no blanks divide them.
    Character,
    Other,
}

fn class(c: char) -> Class {
    match c {
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => {
            Class::Character
        }
        '\'' | '’' | '_' => Class::Letter,
        c if c.is_alphanumeric() => Class::Letter,
        _ => Class::Other,
    }
}

/// The pieces of a text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<Class> = None;
    for (place, c) in text.char_indices() {
        let class = class(c);
        if let Some(old) = before
            && (old != class || class == Class::Character)
        {
            pieces.push(Piece { text: &text[start..place], word: old != Class::Other });
            start = place;
        }
        before = Some(class);
    }
    if let Some(old) = before {
        pieces.push(Piece { text: &text[start..], word: old != Class::Other });
    }
    pieces
}

/// The word with a capital if the one it replaces has one.
pub(crate) fn like(replaced: &str, word: &str) -> String {
    let mut letters = word.chars();
    match (replaced.chars().next(), letters.next()) {
        (Some(old), Some(new)) if old.is_uppercase() => new.to_uppercase().chain(letters).collect(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_both_scripts() {
        let words = |text: &'static str| {
            let words = pieces(text).into_iter().filter(|piece| piece.word);
            words.map(|piece| piece.text).collect::<Vec<_>>()
        };
        assert_eq!(words("Don't buy, 2nd time!"), ["Don't", "buy", "2nd", "time"]);
        assert_eq!(words("质量OK，不错"), ["质", "量", "OK", "不", "错"]);
        let text = " a  b。";
        assert_eq!(pieces(text).iter().map(|piece| piece.text).collect::<String>(), text);
    }
}
