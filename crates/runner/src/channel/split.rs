//! Cuts a stream of bytes into lines of a bounded length.

/// One line of the stream.
#[derive(Debug, PartialEq)]
pub enum Line {
    /// Without its newline; never empty.
    Whole(Vec<u8>),
    /// Longer than the limit; skipped up to its newline.
    TooLong,
}

#[derive(Debug)]
pub struct Splitter {
    limit: usize,
    held: Vec<u8>,
    skipping: bool,
}

impl Splitter {
    /// `limit`: the longest line kept, bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: Vec::new(), skipping: false }
    }

    /// Takes the next bytes; gives the lines that ended in them.
    pub fn split(&mut self, mut bytes: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            bytes = &bytes[end.map_or(bytes.len(), |end| end + 1)..];
            if !self.skipping && self.held.len() + part.len() > self.limit {
                self.skipping = true;
                self.held = Vec::new();
                lines.push(Line::TooLong);
            }
            if !self.skipping {
                self.held.extend_from_slice(part);
            }
            if end.is_some() {
                self.skipping = false;
                if !self.held.is_empty() {
                    lines.push(Line::Whole(std::mem::take(&mut self.held)));
                }
            }
        }
        lines
    }
}
