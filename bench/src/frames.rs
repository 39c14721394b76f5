//! WebSocket frames (RFC 6455 section 5) as far as a measurement needs them: text both ways, unmasked from the server.

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;

/// A frame as a server sends it.
pub fn from_server(text: &str) -> Vec<u8> {
    let mut frame = vec![0x80 | TEXT];
    match text.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// A frame as a client sends it. Its mask is zero, so that the text stays as it is.
pub fn from_client(text: &str) -> Vec<u8> {
    let mut frame = from_server(text);
    let head = frame.len() - text.len();
    frame[1] |= 0x80;
    frame.splice(head..head, [0; 4]);
    frame
}

/// Cuts a stream of bytes into frames. What is incomplete waits for the next bytes.
#[derive(Default)]
pub struct FrameReader {
    waiting: Vec<u8>,
}

/// A close frame came: its code, or 1005 when it has none.
#[derive(Debug, PartialEq, Eq)]
pub struct Closed(pub u16);

impl FrameReader {
    /// Hands each text to `take`.
    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), Closed> {
        if self.waiting.is_empty() {
            let used = cut(bytes, &mut take)?;
            self.waiting.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        self.waiting.extend_from_slice(bytes);
        let used = cut(&self.waiting, &mut take)?;
        self.waiting.drain(..used);
        Ok(())
    }
}

/// Takes whole frames from the beginning; answers how many bytes they were.
fn cut(bytes: &[u8], take: &mut impl FnMut(&[u8])) -> Result<usize, Closed> {
    let mut used = 0;
    while let Some((kind, head, length)) = head(&bytes[used..]) {
        let Some(payload) = bytes.get(used + head..used + head + length) else { break };
        match kind {
            TEXT => take(payload),
            CLOSE => return Err(Closed(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)))),
            _ => {}
        }
        used += head + length;
    }
    Ok(used)
}

/// Kind, bytes of the head, bytes of the payload.
fn head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let kind = bytes.first()? & 0x0f;
    match bytes.get(1)? & 0x7f {
        126 => Some((kind, 4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)))),
        127 => Some((kind, 10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?)),
        length => Some((kind, 2, usize::from(length))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_however_it_is_cut() {
        let texts = ["".to_owned(), "x".repeat(125), "y".repeat(126), "z".repeat(70_000)];
        let stream: Vec<u8> = texts.iter().flat_map(|text| from_server(text)).collect();
        for step in [1, 7, 1_000, stream.len()] {
            let mut reader = FrameReader::default();
            let mut seen = Vec::new();
            for bytes in stream.chunks(step) {
                reader.feed(bytes, |text| seen.push(String::from_utf8_lossy(text).into_owned())).expect("no close frame");
            }
            assert_eq!(seen, texts, "in steps of {step}");
        }
    }

    #[test]
    fn a_close_frame_tells_its_code() {
        let mut reader = FrameReader::default();
        assert_eq!(reader.feed(&[0x88, 2, 0x0f, 0xa0], |_| {}), Err(Closed(4_000)));
    }

    #[test]
    fn a_client_masks_with_zero() {
        assert_eq!(from_client("hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    }
}
