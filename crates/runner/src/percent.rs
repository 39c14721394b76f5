//! Reads percentages out of a program's output, byte by byte, so that chunk borders do not matter.
//!
//! A percentage is a number from 0 to 100 with an optional fraction, at most one space, and `%`. Numbers that are longer,
//! negative or part of a larger figure are not. Progress bars that redraw with `\r` or escape codes need no special care.

#[cfg(test)]
mod tests;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Before a number.
    Outside,
    /// Inside something that only looks like one.
    Spoiled,
    Whole,
    Fraction,
    /// After the number and one space.
    Space,
}

/// The reader of one stream.
#[derive(Debug)]
pub struct PercentReader {
    state: State,
    whole: u32,
    fraction: f64,
    scale: f64,
}

impl Default for PercentReader {
    fn default() -> Self {
        Self { state: State::Outside, whole: 0, fraction: 0.0, scale: 1.0 }
    }
}

impl PercentReader {
    /// Takes the next bytes of the stream; gives the last percentage that ended in them, None when none did.
    pub fn read(&mut self, bytes: &[u8]) -> Option<f64> {
        let mut last = None;
        for &byte in bytes {
            if let Some(percent) = self.step(byte) {
                last = Some(percent);
            }
        }
        last
    }

    fn step(&mut self, byte: u8) -> Option<f64> {
        use State::*;
        self.state = match (self.state, byte) {
            (Outside | Space, b'0'..=b'9') => {
                self.whole = u32::from(byte - b'0');
                self.fraction = 0.0;
                self.scale = 1.0;
                Whole
            }
            (Whole, b'0'..=b'9') => {
                self.whole = self.whole * 10 + u32::from(byte - b'0');
                if self.whole > 999 { Spoiled } else { Whole }
            }
            (Whole, b'.' | b',') => Fraction,
            (Fraction, b'0'..=b'9') => {
                self.scale /= 10.0;
                self.fraction += f64::from(byte - b'0') * self.scale;
                Fraction
            }
            (Whole | Fraction, b' ') => Space,
            (Whole | Fraction | Space, b'%') => {
                self.state = Outside;
                let percent = f64::from(self.whole) + self.fraction;
                return (percent <= 100.0).then(|| (percent * 1000.0).round() / 1000.0);
            }
            (Spoiled, b'0'..=b'9' | b'.' | b',') => Spoiled,
            (_, b'-' | b'.' | b',') => Spoiled,
            _ => Outside,
        };
        None
    }
}
