//! What every output store must do.

use bytes::Bytes;
use domain::{JobId, Text, Timestamp};
use engine::port::output::{HEAD_BYTES, TAIL_BYTES};
use engine::port::{Output, OutputRead};

/// An output store and what must be held while it is used.
pub struct Made {
    pub output: std::sync::Arc<dyn Output>,
    pub keep: Box<dyn std::any::Any + Send + Sync>,
}

const JOB: JobId = JobId(42);

fn piece(stream: &str, bytes: impl Into<Bytes>) -> (Text, Timestamp, Bytes) {
    (stream.into(), Timestamp(1_000), bytes.into())
}

fn bytes_of(read: &OutputRead) -> Vec<u8> {
    read.pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect()
}

/// Bytes that tell where they stand.
fn pattern(from: u64, length: u64) -> Vec<u8> {
    (from..from + length).map(|n| (n % 251) as u8).collect()
}

pub async fn counts_offsets_over_all_streams(output: &dyn Output) {
    assert_eq!(output.end(JOB, 1).await.unwrap(), 0);
    assert_eq!(output.read(JOB, 1, 0, 100).await.unwrap(), OutputRead::default());
    let end = output.append(JOB, 1, vec![piece("stdout", "one "), piece("stderr", "two ")]).await.unwrap();
    assert_eq!(end, 8);
    assert_eq!(output.append(JOB, 1, vec![piece("stdout", "three")]).await.unwrap(), 13);
    let read = output.read(JOB, 1, 0, 100).await.unwrap();
    let found: Vec<(u64, &str)> = read.pieces.iter().map(|piece| (piece.offset, &*piece.stream)).collect();
    assert_eq!(found, [(0, "stdout"), (4, "stderr"), (8, "stdout")]);
    assert_eq!((bytes_of(&read), read.next, read.end, read.gap), (b"one two three".to_vec(), 13, 13, None));
    assert_eq!(output.end(JOB, 1).await.unwrap(), 13);
    assert_eq!(output.append(JOB, 1, Vec::new()).await.unwrap(), 13);
}

pub async fn reads_from_the_middle(output: &dyn Output) {
    output.append(JOB, 1, vec![piece("info", "one two three")]).await.unwrap();
    let read = output.read(JOB, 1, 4, 100).await.unwrap();
    assert_eq!((read.pieces[0].offset, bytes_of(&read)), (4, b"two three".to_vec()));
    for offset in [13, 14, 9_999] {
        let read = output.read(JOB, 1, offset, 100).await.unwrap();
        assert_eq!((read.pieces.len(), read.next, read.end), (0, 13, 13), "from {offset}");
    }
}

pub async fn keeps_head_and_tail(output: &dyn Output) {
    let step = 100_000;
    let mut end = 0;
    while end < HEAD_BYTES + TAIL_BYTES + 3_000_000 {
        end = output.append(JOB, 1, vec![piece("stdout", pattern(end, step))]).await.unwrap();
    }
    let head = output.read(JOB, 1, 0, HEAD_BYTES).await.unwrap();
    assert!(bytes_of(&head) == pattern(0, HEAD_BYTES) && head.gap.is_none());
    let read = output.read(JOB, 1, HEAD_BYTES, u64::MAX).await.unwrap();
    let (from, to) = read.gap.expect("the middle is gone");
    assert_eq!((from, read.end, read.next), (HEAD_BYTES, end, end));
    let tail = end - to;
    assert!((TAIL_BYTES..TAIL_BYTES + step).contains(&tail), "{tail}");
    assert_eq!(read.pieces[0].offset, to);
    assert!(bytes_of(&read) == pattern(to, tail));
    let inside = output.read(JOB, 1, HEAD_BYTES + 500_000, 1_000).await.unwrap();
    assert_eq!(inside.gap, Some((HEAD_BYTES + 500_000, to)));
    let across = output.read(JOB, 1, HEAD_BYTES - 10, 100_000).await.unwrap();
    assert_eq!((across.pieces[0].offset, across.gap), (HEAD_BYTES - 10, Some((HEAD_BYTES, to))));
    assert_eq!(output.append(JOB, 1, vec![piece("stdout", "x")]).await.unwrap(), end + 1);
}

pub async fn takes_one_huge_piece(output: &dyn Output) {
    let length = HEAD_BYTES + TAIL_BYTES + 2_000_000;
    assert_eq!(output.append(JOB, 1, vec![piece("stdout", pattern(0, length))]).await.unwrap(), length);
    let read = output.read(JOB, 1, 0, u64::MAX).await.unwrap();
    let (from, to) = read.gap.expect("the middle is gone");
    assert_eq!((from, read.next), (HEAD_BYTES, length));
    let mut kept = pattern(0, from);
    kept.extend(pattern(to, length - to));
    assert!(bytes_of(&read) == kept && length - to >= TAIL_BYTES);
}

pub async fn reads_in_portions(output: &dyn Output) {
    for n in 0..50 {
        output.append(JOB, 1, vec![piece("info", pattern(n * 1_000, 1_000))]).await.unwrap();
    }
    let mut found = Vec::new();
    let mut offset = 0;
    loop {
        let read = output.read(JOB, 1, offset, 7_000).await.unwrap();
        if read.pieces.is_empty() {
            break;
        }
        assert!(bytes_of(&read).len() < 8_001, "about as much as was asked for");
        found.extend(bytes_of(&read));
        offset = read.next;
    }
    assert!(found == pattern(0, 50_000));
}

pub async fn keeps_attempts_apart(output: &dyn Output) {
    output.append(JOB, 1, vec![piece("stdout", "first")]).await.unwrap();
    output.append(JOB, 2, vec![piece("stdout", "second")]).await.unwrap();
    output.append(JobId(43), 1, vec![piece("stdout", "another")]).await.unwrap();
    assert_eq!(bytes_of(&output.read(JOB, 2, 0, 100).await.unwrap()), b"second");
    assert_eq!(output.end(JOB, 1).await.unwrap(), 5);
}

pub async fn joins_small_pieces_and_leaves_lines(output: &dyn Output) {
    let small = || (0..100).map(|_| piece("stdout", "0123456789")).collect::<Vec<_>>();
    output.append(JOB, 1, small()).await.unwrap();
    let read = output.read(JOB, 1, 0, 10_000).await.unwrap();
    assert!(read.pieces.len() < 5 && bytes_of(&read).len() == 1_000);
    output.append(JOB, 2, vec![piece("info", "a line\n"), piece("info", "another\n")]).await.unwrap();
    assert_eq!(output.read(JOB, 2, 0, 10_000).await.unwrap().pieces.len(), 2);
}

pub async fn names_the_jobs_it_has(output: &dyn Output) {
    for job in [44, JOB.0, 43, 1 << 120] {
        for attempt in [1, 2] {
            output.append(JobId(job), attempt, vec![piece("stdout", "first"), piece("stderr", "second")]).await.unwrap();
        }
    }
    let all = [JOB, JobId(43), JobId(44), JobId(1 << 120)];
    assert_eq!(output.jobs(None, 100).await.unwrap(), all);
    assert_eq!(output.jobs(None, 2).await.unwrap(), all[..2]);
    assert_eq!(output.jobs(Some(JobId(43)), 100).await.unwrap(), all[2..]);
    assert_eq!(output.jobs(Some(all[3]), 100).await.unwrap(), []);
    output.remove(JobId(43)).await.unwrap();
    assert_eq!(output.jobs(None, 100).await.unwrap(), [JOB, JobId(44), JobId(1 << 120)]);
}

pub async fn forgets_a_job(output: &dyn Output) {
    output.append(JOB, 1, vec![piece("stdout", "first")]).await.unwrap();
    output.append(JOB, 2, vec![piece("stdout", "second")]).await.unwrap();
    output.append(JobId(43), 1, vec![piece("stdout", "another")]).await.unwrap();
    output.remove(JOB).await.unwrap();
    assert_eq!((output.end(JOB, 1).await.unwrap(), output.end(JOB, 2).await.unwrap()), (0, 0));
    assert_eq!(output.end(JobId(43), 1).await.unwrap(), 7);
}
