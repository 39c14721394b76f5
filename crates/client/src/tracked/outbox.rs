//! What waits to be reported, and in which order it goes: output first, so that nothing is said after the end; then progress with its
//! acknowledgement; then the end. Bounded, without IO.

use std::collections::VecDeque;

use wire::body::{OutputLine, ReportOutput, ReportProgress};
use wire::record::Progress;

/// Bytes of output that wait while the server is away. Above, the oldest is dropped and a line says so.
const OUTPUT_WAITING: usize = 4 * 1024 * 1024;
/// Bytes of output in one report; the server takes 256 KB.
const OUTPUT_REPORT: usize = 192 * 1024;
/// Bytes of one line; a longer text is cut into several.
const LINE: usize = 32 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    output: VecDeque<OutputLine>,
    output_bytes: usize,
    dropped_bytes: usize,
    progress: Option<Progress>,
    acknowledge: Option<u64>,
}

/// One report that is to be sent next.
#[derive(Debug)]
pub(crate) enum Next {
    Output(ReportOutput),
    Progress(ReportProgress),
}

impl Outbox {
    pub(crate) fn is_empty(&self) -> bool {
        self.output.is_empty() && self.progress.is_none() && self.acknowledge.is_none()
    }

    pub(crate) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    pub(crate) fn is_urgent(&self) -> bool {
        self.acknowledge.is_some() || self.output_bytes >= OUTPUT_REPORT
    }

    pub(crate) fn add_output(&mut self, stream: &str, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let mut end = rest.len().min(LINE);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (piece, tail) = rest.split_at(end);
            rest = tail;
            self.output_bytes += piece.len();
            match self.output.back_mut() {
                Some(last) if last.stream == stream && last.text.len() + piece.len() <= LINE => last.text.push_str(piece),
                _ => self.output.push_back(OutputLine { stream: stream.to_owned(), text: piece.to_owned() }),
            }
        }
        while self.output_bytes > OUTPUT_WAITING {
            let Some(oldest) = self.output.pop_front() else { break };
            self.output_bytes -= oldest.text.len();
            self.dropped_bytes += oldest.text.len();
        }
    }

    /// Every field that `newer` names wins.
    pub(crate) fn add_progress(&mut self, newer: Progress) {
        let held = self.progress.get_or_insert_default();
        held.percentage = newer.percentage.or(held.percentage);
        held.current = newer.current.or(held.current);
        held.total = newer.total.or(held.total);
        held.message = newer.message.or(held.message.take());
        held.ok = newer.ok.or(held.ok);
        held.failed = newer.failed.or(held.failed);
        held.skipped = newer.skipped.or(held.skipped);
    }

    pub(crate) fn acknowledge(&mut self, wish: u64) {
        self.acknowledge = Some(wish);
    }

    /// Takes what goes next.
    pub(crate) fn take(&mut self) -> Option<Next> {
        if !self.output.is_empty() {
            let mut chunks = Vec::new();
            if self.dropped_bytes > 0 {
                let text = format!("({} bytes of output were dropped while the server was away)\n", self.dropped_bytes);
                chunks.push(OutputLine { stream: "warn".to_owned(), text });
                self.dropped_bytes = 0;
            }
            let mut bytes = 0;
            while let Some(line) = self.output.pop_front() {
                if bytes + line.text.len() > OUTPUT_REPORT {
                    self.output.push_front(line);
                    break;
                }
                bytes += line.text.len();
                chunks.push(line);
            }
            self.output_bytes -= bytes;
            return Some(Next::Output(ReportOutput { chunks }));
        }
        if self.progress.is_some() || self.acknowledge.is_some() {
            let progress = self.progress.take().unwrap_or_default();
            return Some(Next::Progress(ReportProgress { progress, acknowledge: self.acknowledge.take() }));
        }
        None
    }

    /// Puts back what could not be sent; what came since wins.
    pub(crate) fn put_back(&mut self, next: Next) {
        match next {
            Next::Output(ReportOutput { chunks }) => {
                for line in chunks.into_iter().rev() {
                    self.output_bytes += line.text.len();
                    self.output.push_front(line);
                }
            }
            Next::Progress(report) => {
                if let Some(newer) = self.progress.replace(report.progress) {
                    self.add_progress(newer);
                }
                self.acknowledge = self.acknowledge.or(report.acknowledge);
            }
        }
    }
}
