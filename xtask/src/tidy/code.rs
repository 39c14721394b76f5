//! Code without its comments and the insides of its strings, so that a rule trips over code alone.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    /// TypeScript and JavaScript.
    Script,
}

/// The text with comments and the insides of strings replaced by blanks; lines stay where they are.
pub(super) fn only(text: &str, language: Language) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let is_name_before = at > 0 && is_name(chars[at - 1]);
        let end = match (chars[at], chars.get(at + 1), language) {
            ('/', Some('/'), _) => line_end(&chars, at),
            ('/', Some('*'), _) => comment_end(&chars, at, language),
            ('r', Some('"' | '#'), Language::Rust) if !is_name_before || chars[at - 1] == 'b' => raw_string_end(&chars, at),
            ('\'', Some(_), Language::Rust) => character_end(&chars, at),
            ('"', _, _) | ('\'', _, Language::Script) => string_end(&chars, at, language),
            ('`', _, Language::Script) => template_end(&chars, at),
            _ => at + 1,
        };
        if end == at + 1 {
            out.push(chars[at]);
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        }
        at = end;
    }
    out
}

/// Lines, from 1, at which a word stands in code as such and not as a part of a longer name. A word may be a path such as `std::fs`.
pub(super) fn places(code: &str, word: &str) -> Vec<usize> {
    let is_name_end = word.chars().last().is_some_and(is_name);
    let found = code.match_indices(word).filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        before.is_none_or(|c| !is_name(c)) && !(is_name_end && after.is_some_and(is_name))
    });
    found.map(|(at, _)| line_of(code, at)).collect()
}

/// The line, from 1, of a byte of the text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_end(chars: &[char], at: usize) -> usize {
    chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |length| at + length)
}

fn comment_end(chars: &[char], start: usize, language: Language) -> usize {
    let mut depth = 1;
    let mut at = start + 2;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('*', '/') if depth == 1 => return at + 2,
            ('*', '/') => {
                depth -= 1;
                at += 2;
            }
            ('/', '*') if language == Language::Rust => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    chars.len()
}

/// `r"…"`, `r#"…"#`; a raw identifier such as `r#type` is no string.
fn raw_string_end(chars: &[char], start: usize) -> usize {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return start + 1;
    }
    let mut at = open + 1;
    while at < chars.len() {
        let closing = chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count();
        if chars[at] == '"' && closing == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

/// `'a'` and `'\n'`; a lifetime is left.
fn character_end(chars: &[char], start: usize) -> usize {
    if chars[start + 1] == '\\' {
        let close = chars[start + 3..].iter().take(10).position(|c| *c == '\'');
        return close.map_or(start + 1, |length| start + 3 + length + 1);
    }
    if chars.get(start + 2) == Some(&'\'') { start + 3 } else { start + 1 }
}

/// A string of a script ends with its line at the latest, so that a quote in a regular expression does no harm beyond it.
fn string_end(chars: &[char], start: usize, language: Language) -> usize {
    let quote = chars[start];
    let mut at = start + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '\n' if language == Language::Script => return at,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

fn template_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '`' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, language: Language) -> String {
        only(text, language).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_strings_are_blanked_and_lines_stay() {
        for (text, expected) in [
            ("a // b\nc", "a c"),
            ("a /* b /* c */ d */ e", "a e"),
            ("a \"b \\\" c\" d", "a d"),
            ("a r#\"b \" c\"# d", "a d"),
            ("fn f<'a>(x: &'a str) { '\"' }", "fn f<'a>(x: &'a str) { }"),
            ("'\\'' a '\\u{1F600}' b", "a b"),
            ("let r#type = br\"x\";", "let r#type = b ;"),
        ] {
            assert_eq!(words(text, Language::Rust), expected, "{text}");
            assert_eq!(only(text, Language::Rust).lines().count(), text.lines().count());
        }
        assert_eq!(words("a('b') /* c */ `d\n${e}` /\"/ ; \nf", Language::Script), "a( ) / f");
    }

    #[test]
    fn a_word_is_no_part_of_a_longer_one() {
        assert_eq!(places("strand::x; rand::y;\nrand::z", "rand::"), [1, 2]);
        assert_eq!(places("unsafe_op unsafe", "unsafe"), [1]);
    }
}
