//! How output is laid out and what of it is kept: the first [`HEAD_BYTES`] and the last [`TAIL_BYTES`] of each attempt.

use bytes::{Bytes, BytesMut};
use domain::{Text, Timestamp};
use engine::port::output::{HEAD_BYTES, TAIL_BYTES};
use engine::port::{OutputPiece, OutputRead};

/// Bytes of one stored piece at most.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces of program output shorter than this are joined with their neighbour of the same stream.
const SMALL_BYTES: usize = 4 * 1024;
/// Pieces of program output are joined only if they were written within this time, in milliseconds.
const JOIN_MS: u64 = 1_000;

/// Cuts and joins what was written into pieces as they are stored, from offset `start` on.
pub(super) fn lay_out(start: u64, written: impl IntoIterator<Item = (Text, Timestamp, Bytes)>) -> Vec<OutputPiece> {
    let mut laid: Vec<OutputPiece> = Vec::new();
    let mut offset = start;
    for (stream, at, mut bytes) in written {
        while !bytes.is_empty() {
            // No piece lies across the end of the head, so that the tail can be dropped piece by piece.
            let to_border = HEAD_BYTES.checked_sub(offset).filter(|left| *left > 0).unwrap_or(u64::MAX);
            let length = bytes.len().min(PIECE_BYTES).min(usize::try_from(to_border).unwrap_or(usize::MAX));
            let piece = OutputPiece { offset, stream: stream.clone(), at, bytes: bytes.split_to(length) };
            offset += length as u64;
            match laid.last_mut() {
                Some(last) if joins(last, &piece) => {
                    let mut joined = BytesMut::with_capacity(last.bytes.len() + length);
                    joined.extend_from_slice(&last.bytes);
                    joined.extend_from_slice(&piece.bytes);
                    last.bytes = joined.freeze();
                }
                _ => laid.push(piece),
            }
        }
    }
    laid
}

/// Log lines stay apart; bytes of a program's output have no borders of their own.
fn joins(last: &OutputPiece, next: &OutputPiece) -> bool {
    let is_program = matches!(&*next.stream, "stdout" | "stderr");
    let is_small = last.bytes.len() < SMALL_BYTES && next.bytes.len() < SMALL_BYTES;
    is_program && is_small && last.stream == next.stream && next.at.since_ms(last.at) < JOIN_MS && next.offset != HEAD_BYTES
}

/// Where the tail begins when the output ends at `end`: pieces that begin behind the head and end before it are dropped.
pub(super) fn tail_start(end: u64) -> u64 {
    end.saturating_sub(TAIL_BYTES)
}

/// Whether a piece is no longer kept when the output ends at `end`.
pub(super) fn is_dropped(piece: &OutputPiece, end: u64) -> bool {
    piece.offset >= HEAD_BYTES && piece.offset + piece.bytes.len() as u64 <= tail_start(end)
}

/// Puts together what a read answers. `kept` are pieces in order, from the one that holds `offset` or the next behind it.
pub(super) fn assemble(kept: impl IntoIterator<Item = OutputPiece>, offset: u64, limit: u64, end: u64) -> OutputRead {
    let mut read = OutputRead { pieces: Vec::new(), next: offset.min(end), end, gap: None };
    let mut taken = 0;
    for mut piece in kept {
        let piece_end = piece.offset + piece.bytes.len() as u64;
        if piece_end <= read.next {
            continue;
        }
        if taken >= limit {
            break;
        }
        if piece.offset > read.next {
            read.gap = Some((read.next, piece.offset));
        } else {
            let skipped = read.next - piece.offset;
            piece.bytes = piece.bytes.slice(usize::try_from(skipped).unwrap_or(usize::MAX).min(piece.bytes.len())..);
            piece.offset = read.next;
        }
        taken += piece.bytes.len() as u64;
        read.next = piece_end;
        read.pieces.push(piece);
    }
    read
}
