//! `logs`: a job's output, once or until the job ends.

use client::{Client, Connection, Happened};
use serde_json::json;
use wire::record::{OutputChunk, OutputGap};

use super::client;
use super::watch::{detached, given_up};
use crate::cli::{Logs, Reach};
use crate::exit::{Exit, Failure};
use crate::find;
use crate::screen::{Screen, Style};

/// Where the printing stands, so that nothing is printed twice.
#[derive(Debug, Default)]
pub struct Printed {
    /// 0 before the first piece.
    attempt: u32,
    next: u64,
}

impl Printed {
    /// Whether a piece is news; moves on when it is.
    pub fn take(&mut self, attempt: u32, next: u64) -> bool {
        let is_news = attempt > self.attempt || (attempt == self.attempt && next > self.next);
        if is_news {
            (self.attempt, self.next) = (attempt, next);
        }
        is_news
    }

    /// Prints what the server holds beyond this. `None`: the newest attempt.
    pub async fn catch_up(&mut self, client: &Client, id: &str, attempt: Option<u32>, screen: &mut Screen) -> Result<(), Failure> {
        loop {
            let asked = attempt.or((self.attempt > 0).then_some(self.attempt));
            let range = client.output(id, asked, self.next).await?;
            if range.chunks.is_empty() {
                return Ok(());
            }
            if self.take(range.attempt, range.next) {
                print(screen, range.attempt, &range.chunks, range.gap);
            } else {
                return Ok(());
            }
        }
    }
}

/// Prints a piece, and what is missing before it.
pub fn print(screen: &mut Screen, attempt: u32, chunks: &[OutputChunk], gap: Option<OutputGap>) {
    if let Some(gap) = gap {
        screen.say(&format!("(bytes {} to {} are no longer kept)", gap.from, gap.to));
    }
    screen.output(attempt, chunks);
}

pub async fn logs(reach: &Reach, args: Logs) -> Result<(), Failure> {
    let client = client(reach)?;
    let id = find::job_id(&client, &args.id).await?;
    let mut screen = Screen::new(if reach.json { Style::Json } else { Style::LinesAside });
    let mut printed = Printed::default();
    if !args.follow {
        return printed.catch_up(&client, &id, args.attempt, &mut screen).await;
    }
    client.job(&id).await?;
    tokio::select! {
        followed = follow(&client, &id, &mut printed, &mut screen) => followed,
        _ = tokio::signal::ctrl_c() => Err(detached(&[&id], "tidings logs --follow")),
    }
}

/// Prints until the job has ended.
async fn follow(client: &Client, id: &str, printed: &mut Printed, screen: &mut Screen) -> Result<(), Failure> {
    let mut watch = client.watch(vec![json!({"output": id}), json!({"job": id})]);
    while let Some(happened) = watch.next().await {
        let status = match happened {
            Happened::Output { attempt, next, chunks, gap, .. } => {
                if printed.take(attempt, next) {
                    print(screen, attempt, &chunks, gap);
                }
                continue;
            }
            Happened::Snapshot { jobs, .. } => jobs.first().map(|job| job.status.clone()),
            Happened::Update { job, .. } => Some(job.status.clone()),
            Happened::Left { deleted: true, .. } => return Ok(()),
            Happened::Refused { code, message, .. } => return Err(Failure::of_topic(code, message)),
            Happened::Connection(Connection::GivenUp { code, why }) => return Err(given_up(code, &why)),
            Happened::Connection(connection) => {
                screen.connection(&connection);
                continue;
            }
            _ => continue,
        };
        if status.is_some_and(|status| client::is_end(&status)) {
            drop(watch);
            return printed.catch_up(client, id, None, screen).await;
        }
    }
    Err(Failure::new(Exit::Unreachable, "the watch ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_printed_once() {
        let mut printed = Printed::default();
        let taken: Vec<bool> =
            [(1, 10), (1, 10), (1, 30), (1, 20), (2, 5), (1, 40)].map(|(attempt, next)| printed.take(attempt, next)).into();
        assert_eq!(taken, [true, false, true, false, true, false]);
    }
}
