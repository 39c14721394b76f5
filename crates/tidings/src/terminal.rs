//! Fitting text to a terminal: how wide one is, how wide a text is on it, and the cut with an ellipsis.

use std::os::fd::AsFd;

/// Columns of a terminal that does not tell.
const USUAL: usize = 80;

/// Columns of a stream; none when it is no terminal, and nothing needs to be cut.
pub fn columns(stream: &(impl AsFd + std::io::IsTerminal)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let told = rustix::termios::tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
    let from_environment = || std::env::var("COLUMNS").ok()?.parse().ok();
    Some(if told > 0 { told } else { from_environment().unwrap_or(USUAL) })
}

/// Columns that a text takes; colour codes take none.
pub fn width(text: &str) -> usize {
    let mut seen = 0;
    let mut inside = false;
    for letter in text.chars() {
        match letter {
            '\x1b' => inside = true,
            'm' if inside => inside = false,
            _ if !inside => seen += columns_of(letter),
            _ => {}
        }
    }
    seen
}

/// A text without colours that takes `most` columns at most; what was cut shows as `…`.
pub fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let kept = text.chars().take_while(|letter| {
        let fits = columns_of(*letter) <= left;
        left = left.saturating_sub(columns_of(*letter));
        fits
    });
    let kept: String = kept.collect();
    if most == 0 { kept } else { format!("{}…", kept.trim_end()) }
}

/// 0 for marks that sit on the letter before, 2 for the wide letters of East Asia and for pictures.
fn columns_of(letter: char) -> usize {
    match u32::from(letter) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 => 2,
        0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f680..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_cut_with_an_ellipsis() {
        for (text, most, expected) in [
            ("short", 5, "short"),
            ("longer", 5, "long…"),
            ("a b c", 3, "a…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("x", 0, ""),
        ] {
            assert_eq!(cut(text, most), expected, "{text}");
            assert!(width(&cut(text, most)) <= most);
        }
        assert_eq!(width("\x1b[31mfailed\x1b[0m"), 6);
    }
}
