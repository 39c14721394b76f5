//! Follows the output of a job: attempt after attempt, at the pace of the client.
//!
//! Text is sent as UTF-8. A character that was written in two pieces is kept together; bytes that are none are replaced.

use domain::{JobId, Text};
use engine::port::{OutputPiece, OutputRead};
use wire::frame::ServerFrame;
use wire::record::{OutputChunk, OutputGap};

use crate::catch_up::pause_after;
use crate::frame::{Class, Frame};
use crate::hub::Hub;
use crate::limits::{OUTPUT_FRAME_BYTES, OUTPUT_TAIL_BYTES};
use crate::lock;
use crate::peer::Edge;
use crate::reading::{Reader, end_with};
use crate::session_core::Core;
use crate::subscription::Phase;

/// Where a follower of a job's output is.
pub(crate) struct Follow {
    job: JobId,
    /// The attempt being read; 0 before the first.
    attempt: u32,
    offset: u64,
    /// Whether the job was found and may be seen.
    is_checked: bool,
    /// Whether the client was told where it begins.
    has_begun: bool,
    is_narrowed: bool,
    /// Begin of a character whose rest has not been written yet, by stream.
    unfinished: Vec<(Text, Vec<u8>)>,
}

impl Follow {
    /// `from`: attempt and offset to go on from; `None` begins with the newest attempt.
    pub(crate) fn new(job: JobId, from: Option<(u32, u64)>, is_narrowed: bool) -> Follow {
        let (attempt, offset) = from.unwrap_or_default();
        Follow { job, attempt, offset, is_checked: false, has_begun: false, is_narrowed, unfinished: Vec::new() }
    }
}

/// Sends one stretch of output, if there is any.
pub(crate) async fn advance(hub: &Hub, core: &Core, reader: Reader, mut follow: Box<Follow>) {
    let Some(view) = lock(&core.state).sub_of(reader.id, reader.generation).map(|sub| sub.view.clone()) else { return };
    let job = match hub.store.job(follow.job).await {
        Ok(job) => job.filter(|job| view.sees(job)),
        Err(error) => {
            pause_after(&error).await;
            return put_back(core, reader, follow, true);
        }
    };
    let Some(job) = job else {
        return match (follow.is_checked, follow.is_narrowed) {
            (false, true) => end_with(hub, core, reader, "forbidden", "the new token does not let you see this"),
            _ => end_with(hub, core, reader, "not_found", "there is no such job"),
        };
    };
    // A long poll would be answered at once by it.
    if !follow.is_checked && core.edge != Edge::Wait {
        core.push(Frame::live_beside_log(reader.id, follow.attempt > 0));
    }
    match send_some(hub, core, reader, &mut follow, job.attempt, job.is_attempt_open()).await {
        Ok(is_due) => {
            follow.is_checked = true;
            put_back(core, reader, follow, is_due);
        }
        Err(error) => {
            pause_after(&engine::port::ReadError::Failed(error.to_string())).await;
            put_back(core, reader, follow, true);
        }
    }
}

fn put_back(core: &Core, reader: Reader, back: Box<Follow>, is_due_again: bool) {
    if let Some(sub) = lock(&core.state).sub_of(reader.id, reader.generation)
        && let Phase::Output { follow, is_due } = &mut sub.phase
    {
        *follow = Some(back);
        *is_due |= is_due_again;
    }
}

/// Answers whether there is more to read.
async fn send_some(
    hub: &Hub,
    core: &Core,
    reader: Reader,
    follow: &mut Follow,
    newest: u32,
    is_open: bool,
) -> Result<bool, engine::port::OutputError> {
    let mut skipped = None;
    if !follow.is_checked && follow.attempt == 0 && newest > 0 {
        let end = hub.output.end(follow.job, newest).await?;
        follow.attempt = newest;
        follow.offset = end.saturating_sub(OUTPUT_TAIL_BYTES);
        skipped = (follow.offset > 0).then_some((0, follow.offset));
    }
    if follow.attempt == 0 && newest > 0 {
        (follow.attempt, follow.offset) = (1, 0);
    }
    if follow.attempt == 0 {
        return Ok(false);
    }
    let read = hub.output.read(follow.job, follow.attempt, follow.offset, OUTPUT_FRAME_BYTES).await?;
    let is_at_end = read.next >= read.end;
    let is_attempt_over = follow.attempt < newest || !is_open;
    let gap = match (skipped, read.gap) {
        (Some((from, to)), Some((gap_from, gap_to))) if gap_from <= to => Some((from, gap_to)),
        (skipped, gap) => skipped.or(gap),
    };
    let chunks = follow.decode(&read, is_at_end && is_attempt_over);
    if !chunks.is_empty() || gap.is_some() || !follow.has_begun {
        let next = read.next - follow.unfinished_at_end(&read);
        let frame = ServerFrame::Output {
            subs: vec![reader.id],
            id: follow.job.to_string().into(),
            attempt: follow.attempt,
            offset: read.pieces.first().map_or(follow.offset, |piece| piece.offset),
            next,
            chunks,
            gap: gap.map(|(from, to)| OutputGap { from, to }),
        };
        let mut state = lock(&core.state);
        if state.sub_of(reader.id, reader.generation).is_some() {
            state.push(Frame::of(&frame, Class::Pulled));
        }
        follow.has_begun = true;
    }
    follow.offset = read.next;
    if is_at_end && follow.attempt < newest {
        follow.attempt += 1;
        follow.offset = 0;
        follow.has_begun = false;
        follow.unfinished.clear();
        return Ok(true);
    }
    Ok(!is_at_end)
}

impl Follow {
    /// The pieces as text. With `is_last`, what was left unfinished is replaced.
    fn decode(&mut self, read: &OutputRead, is_last: bool) -> Vec<OutputChunk> {
        if read.gap.is_some() {
            self.unfinished.clear();
        }
        let mut chunks: Vec<OutputChunk> = Vec::new();
        for piece in &read.pieces {
            let text = self.decode_piece(piece);
            if !text.is_empty() {
                chunks.push(OutputChunk { stream: piece.stream.clone(), at: wire::time::show(piece.at), text });
            }
        }
        if is_last && let Some(last) = read.pieces.last() {
            for (stream, _) in self.unfinished.drain(..) {
                chunks.push(OutputChunk { stream, at: wire::time::show(last.at), text: char::REPLACEMENT_CHARACTER.into() });
            }
        }
        chunks
    }

    fn decode_piece(&mut self, piece: &OutputPiece) -> String {
        let begun = self.unfinished.iter().position(|(stream, _)| *stream == piece.stream);
        let mut bytes = begun.map(|at| self.unfinished.swap_remove(at).1).unwrap_or_default();
        bytes.extend_from_slice(&piece.bytes);
        let mut text = String::with_capacity(bytes.len());
        let mut rest = &bytes[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    return text;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    let Some(wrong) = error.error_len() else {
                        self.unfinished.push((piece.stream.clone(), after.to_vec()));
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = &after[wrong..];
                }
            }
        }
    }

    /// Bytes at the end of what was read that were not sent, so that who resumes is given the whole character.
    fn unfinished_at_end(&self, read: &OutputRead) -> u64 {
        let Some(last) = read.pieces.last() else { return 0 };
        let begun = self.unfinished.iter().find(|(stream, _)| *stream == last.stream);
        begun.map_or(0, |(_, bytes)| (bytes.len() as u64).min(last.bytes.len() as u64))
    }
}
