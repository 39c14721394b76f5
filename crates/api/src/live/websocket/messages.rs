//! A WebSocket after its handshake: messages in through a protocol library, messages out as the gateway encoded them.
//!
//! What goes out is shared by all sockets that are sent the same, and handed to the kernel without being copied first. Answers to pings
//! and the closing handshake are the library's; they are never put into the middle of a message of ours.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message};

/// Pieces that are handed to the kernel at once.
const SLICES: usize = 64;

pub(crate) struct Messages<S> {
    stream: S,
    protocol: WebSocketContext,
    /// Of ours, not yet written; the first may have been written in part.
    waiting: VecDeque<Bytes>,
    /// Bytes of the first piece that were written.
    written: usize,
    /// Bytes of ours that the peer took so far.
    taken: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Messages<S> {
    pub(crate) fn new(stream: S, config: WebSocketConfig) -> Messages<S> {
        let protocol = WebSocketContext::new(Role::Server, Some(config));
        Messages { stream, protocol, waiting: VecDeque::new(), written: 0, taken: 0 }
    }

    /// The next message of the peer. Loses nothing when it is dropped half-way.
    pub(crate) async fn next(&mut self) -> Result<Message, Error> {
        poll_fn(|cx| pending(self.protocol.read(&mut Bridge { stream: &mut self.stream, cx }))).await
    }

    /// Writes whole messages. When it is dropped half-way, the rest can only be given up, by closing.
    ///
    /// While it has to wait, `takes` is called whenever the peer took something; when it took nothing for as long as `patience`, the
    /// error is [`io::ErrorKind::TimedOut`].
    pub(crate) async fn write(&mut self, pieces: Vec<Bytes>, patience: Duration, takes: impl Fn()) -> Result<(), Error> {
        self.waiting = pieces.into();
        let mut stall: Option<Pin<Box<Sleep>>> = None;
        let mut seen = self.taken;
        poll_fn(|cx| {
            if let Poll::Ready(written) = self.poll_flushed_write(cx) {
                return Poll::Ready(written);
            }
            let stall = stall.get_or_insert_with(|| Box::pin(sleep(patience)));
            if self.taken > seen {
                seen = self.taken;
                stall.as_mut().reset(Instant::now() + patience);
                takes();
            }
            stall.as_mut().poll(cx).map(|()| Err(Error::Io(io::ErrorKind::TimedOut.into())))
        })
        .await
    }

    /// What the library has begun goes first.
    fn poll_flushed_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.written == 0 {
            ready!(pending(self.protocol.flush(&mut Bridge { stream: &mut self.stream, cx })))?;
        }
        self.poll_write(cx).map_err(Error::Io)
    }

    /// Says goodbye, and waits for the peer's: without that, the reason might be lost on the way. What was being written is finished
    /// first, to the end of its message.
    pub(crate) async fn close(&mut self, frame: CloseFrame) -> Result<(), Error> {
        self.keep_begun_message();
        poll_fn(|cx| self.poll_write(cx)).await?;
        poll_fn(|cx| pending(self.protocol.close(&mut Bridge { stream: &mut self.stream, cx }, Some(frame.clone())))).await?;
        while self.next().await.is_ok() {}
        Ok(())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(first) = self.waiting.front() {
            let first = &first[self.written..];
            let stream = Pin::new(&mut self.stream);
            let mut taken = ready!(match self.waiting.len() {
                1 => stream.poll_write(cx, first),
                _ => {
                    let mut slices = [IoSlice::new(first); SLICES];
                    let count = self.waiting.len().min(SLICES);
                    for (slice, piece) in slices[1..count].iter_mut().zip(self.waiting.iter().skip(1)) {
                        *slice = IoSlice::new(piece);
                    }
                    stream.poll_write_vectored(cx, &slices[..count])
                }
            })?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += taken as u64;
            while let Some(first) = self.waiting.front()
                && taken >= first.len() - self.written
            {
                taken -= first.len() - self.written;
                self.written = 0;
                self.waiting.pop_front();
            }
            self.written += taken;
        }
        self.waiting = VecDeque::new();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Forgets all that waits but the rest of a message that the peer has the beginning of.
    fn keep_begun_message(&mut self) {
        let begun = self.waiting.pop_front().filter(|_| self.written > 0);
        self.waiting.clear();
        if let Some(piece) = begun {
            let end = end_of_message(&piece, self.written);
            self.waiting.push_back(piece.slice(..end));
        }
    }
}

/// Where the message ends that a place in a piece lies in; the place itself when it lies between two.
fn end_of_message(piece: &[u8], place: usize) -> usize {
    let mut end = 0;
    while end < place {
        let mut head = &piece[end..];
        let length = match head.try_get_u16().map(|head| head & 0x7f) {
            Ok(126) => head.try_get_u16().map_or(0, |length| 4 + usize::from(length)),
            Ok(127) => head.try_get_u64().map_or(0, |length| 10 + usize::try_from(length).unwrap_or(piece.len())),
            Ok(length) => 2 + usize::from(length),
            Err(_) => 0,
        };
        if length == 0 {
            return piece.len();
        }
        end += length;
    }
    end.min(piece.len())
}

fn pending<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        other => Poll::Ready(other),
    }
}

/// A stream as the library wants it: what would wait is told as such, and the task is woken when it no longer would.
struct Bridge<'a, 'b, S> {
    stream: &'a mut S,
    cx: &'a mut Context<'b>,
}

fn blocking<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Bridge<'_, '_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        blocking(Pin::new(&mut *self.stream).poll_read(self.cx, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> Write for Bridge<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        blocking(Pin::new(&mut *self.stream).poll_write(self.cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        blocking(Pin::new(&mut *self.stream).poll_flush(self.cx))
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::protocol::frame::coding::CloseCode;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn text(length: usize) -> Vec<u8> {
        let mut message = vec![0x81];
        match length {
            0..=125 => message.push(length as u8),
            126..=0xffff => {
                message.push(126);
                message.extend((length as u16).to_be_bytes());
            }
            _ => {
                message.push(127);
                message.extend((length as u64).to_be_bytes());
            }
        }
        message.resize(message.len() + length, b'a');
        message
    }

    #[test]
    fn a_message_is_finished_and_no_other_begun() {
        let (short, middle, long) = (text(5), text(300), text(70_000));
        let piece = [short.clone(), middle.clone(), long.clone(), short.clone()].concat();
        let ends = [0, short.len(), short.len() + middle.len(), short.len() + middle.len() + long.len(), piece.len()];
        for (from, to) in ends.iter().zip(&ends[1..]) {
            assert_eq!(end_of_message(&piece, *from), *from);
            for place in [from + 1, (from + to) / 2, *to] {
                assert_eq!(end_of_message(&piece, place), *to);
            }
        }
    }

    /// A peer that stops reading in the middle of a message is, when it reads again, given the rest of it and then the reason.
    #[tokio::test]
    async fn a_goodbye_waits_for_the_end_of_a_message() {
        let (ours, theirs) = tokio::io::duplex(1_000);
        let mut messages = Messages::new(ours, WebSocketConfig::default());
        let piece = Bytes::from([text(200), text(5_000), text(200)].concat());
        tokio::select! {
            biased;
            _ = messages.write(vec![piece.clone(), piece], PATIENCE, || {}) => panic!("it does not fit"),
            () = tokio::task::yield_now() => {}
        }
        let mut peer = tokio_tungstenite::WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
        let reading = tokio::spawn(async move {
            let mut seen = Vec::new();
            while let Some(Ok(message)) = futures::StreamExt::next(&mut peer).await {
                seen.push(message);
            }
            seen
        });
        let reason = CloseFrame { code: CloseCode::Library(4_001), reason: "enough".into() };
        messages.close(reason).await.unwrap();
        drop(messages);
        let seen = reading.await.unwrap();
        assert_eq!(seen.len(), 3, "{seen:?}");
        assert_eq!([seen[0].len(), seen[1].len()], [200, 5_000]);
        assert!(matches!(&seen[2], Message::Close(Some(frame)) if frame.reason == "enough"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_may_take_its_time_as_long_as_it_takes_something() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        let mut messages = Messages::new(ours, WebSocketConfig::default());
        let told = std::cell::Cell::new(0);
        let begun = Instant::now();
        let taking = async {
            let mut some = [0; 50];
            for _ in 0..10 {
                tokio::time::advance(PATIENCE - Duration::from_secs(1)).await;
                tokio::io::AsyncReadExt::read_exact(&mut theirs, &mut some).await.unwrap();
            }
            std::future::pending::<()>().await
        };
        let written = tokio::select! {
            written = messages.write(vec![Bytes::from(text(1_000))], PATIENCE, || told.set(told.get() + 1)) => written,
            () = taking => unreachable!(),
        };
        assert!(matches!(written, Err(Error::Io(error)) if error.kind() == io::ErrorKind::TimedOut));
        assert!(begun.elapsed() >= 10 * (PATIENCE - Duration::from_secs(1)) + PATIENCE, "{:?}", begun.elapsed());
        assert!(told.get() > 1, "it was told that the peer takes something");
    }

    #[tokio::test]
    async fn pieces_arrive_whole_and_a_ping_is_answered_between_them() {
        let (ours, theirs) = tokio::io::duplex(64);
        let mut messages = Messages::new(ours, WebSocketConfig::default());
        let mut peer = tokio_tungstenite::WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
        let talking = tokio::spawn(async move {
            futures::SinkExt::send(&mut peer, Message::Ping("x".into())).await.unwrap();
            let mut seen = Vec::new();
            for _ in 0..4 {
                seen.push(futures::StreamExt::next(&mut peer).await.unwrap().unwrap());
            }
            seen
        });
        assert!(matches!(messages.next().await, Ok(Message::Ping(_))));
        let pieces = vec![Bytes::from(text(300)), Bytes::from([text(1), text(1_000)].concat())];
        messages.write(pieces, PATIENCE, || {}).await.unwrap();
        let seen = talking.await.unwrap();
        assert!(matches!(seen[0], Message::Pong(_)));
        assert_eq!(seen[1..].iter().map(Message::len).collect::<Vec<_>>(), [300, 1, 1_000]);
    }
}
