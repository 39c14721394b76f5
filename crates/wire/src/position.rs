//! A place in the log of one epoch, as one opaque text: the same in SSE `id:`, WebSocket resume and `?after=`.

use std::fmt;

use domain::Text;

/// `<epoch>-<place>`. Clients never take it apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    pub epoch: Text,
    /// Number of the newest event that it covers; 0 is before the first.
    pub place: u64,
}

impl Position {
    pub fn parse(text: &str) -> Option<Position> {
        let (epoch, place) = text.rsplit_once('-')?;
        let is_word = !epoch.is_empty() && epoch.len() <= 64 && epoch.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_number = !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit());
        if !is_word || !is_number {
            return None;
        }
        Some(Position { epoch: epoch.into(), place: place.parse().ok()? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back_and_nothing_else() {
        let position = Position { epoch: "k3x9".into(), place: 18 };
        assert_eq!(Position::parse(&position.to_string()), Some(position));
        for text in ["", "k3x9", "-1", "k3x9-", "k3x9--1", "k3x9-1x", "k3/9-1", "k3x9-99999999999999999999999"] {
            assert_eq!(Position::parse(text), None, "{text}");
        }
    }
}
