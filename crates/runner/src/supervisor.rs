//! The server's side of one child: a loop that owns all that is known of it, hears the shim, the channel, the orders and
//! the clock, and tells the caller. It never waits for the caller while it could still hear an order.

mod hearing;
mod ladder;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::census::{Census, Left, Trace};
use crate::channel::split::Splitter;
use crate::channel::{MAX_LINE, Speech, Tell};
use crate::exit::Exit;
use crate::handle::Asked;
use crate::kill_point;
use crate::launch::{Launch, PauseKind};
use crate::outcome::{Reported, Spoken, Under, outcome};
use crate::said::{ChildSaid, Progress};
use crate::shim::control::{self, Order, Report};
use crate::spawn::{Attached, feed};
use ladder::{Ladder, Step};

/// Entries that wait for a slow caller before the child's channel is no longer read.
const QUEUE: usize = 1024;
/// Lines to the child that it has not read.
const TALK: usize = 64;
/// How long output is waited for once every process is gone.
const OUTPUT_WAIT: Duration = Duration::from_secs(2);
/// Between two sweeps after a shim that was killed.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// What a supervisor is made of.
pub(crate) struct Parts {
    pub(crate) launch: Launch,
    pub(crate) census: Census,
    pub(crate) attached: Attached,
    pub(crate) orders: mpsc::Receiver<Asked>,
    pub(crate) said: mpsc::Sender<ChildSaid>,
    pub(crate) percent: watch::Receiver<Option<f64>>,
}

/// Everything that can happen to a child.
enum Event {
    /// None: the shim closed the control socket.
    Shim(Option<String>),
    /// None: every handle was dropped.
    Asked(Option<Asked>),
    Step,
    Channel,
    Percent(Option<f64>),
    Room,
    CallerLeft,
}

/// Who can still be heard of.
#[derive(Clone, Copy)]
struct Open {
    handles: bool,
    caller: bool,
    percents: bool,
}

struct Supervisor {
    launch: Launch,
    control: OwnedWriteHalf,
    channel: Option<OwnedReadHalf>,
    splitter: Splitter,
    speech: Speech,
    /// None: the channel is closed towards the child, or there is none.
    talk: Option<mpsc::Sender<Vec<u8>>>,
    queue: VecDeque<ChildSaid>,
    ladder: Ladder,
    under: Under,
    /// Anything was heard on the channel.
    has_spoken: bool,
    reported: Option<Reported>,
    exited: bool,
    gone: bool,
    /// The last pause that was asked for.
    pause_wish: Option<u64>,
}

pub(crate) async fn supervise(parts: Parts) {
    let Parts { launch, census, attached, mut orders, said, mut percent } = parts;
    let Attached { mut shim, control, channel, stdin, readers, spec, mut record, input_file } = attached;
    let (control_read, control) = control.into_split();
    let mut reports = BufReader::new(control_read).lines();
    let (channel, talk) = match channel {
        Some(channel) => {
            let (read, write) = channel.into_split();
            let (sender, lines) = mpsc::channel(TALK);
            tokio::spawn(speak(write, lines));
            (Some(read), Some(sender))
        }
        None => (None, None),
    };
    let mut child = Supervisor {
        speech: Speech::new(launch.channel),
        ladder: Ladder::new(launch.abort_grace, launch.exit_grace),
        launch,
        control,
        channel,
        splitter: Splitter::new(MAX_LINE),
        talk,
        queue: VecDeque::new(),
        under: Under::default(),
        has_spoken: false,
        reported: None,
        exited: false,
        gone: false,
        pause_wish: None,
    };
    // A shim that is dead already shows as the end of its reports.
    kill_point::reach("before_program");
    child.control.write_all(&spec).await.ok();
    drop(spec);
    kill_point::reach("program_ordered");
    // The start is on its way before any order can be, so it is the first thing that the child hears.
    child.tell(Tell::Start);
    let input = child.launch.input_json.take();
    if let Some(stdin) = stdin {
        tokio::spawn(feed(stdin, input.unwrap_or_else(|| "null".into())));
    }

    let (mut handles, mut caller, mut percents) = (true, true, true);
    loop {
        let open = Open { handles, caller, percents };
        match child.next(&mut reports, &mut orders, &said, &mut percent, open).await {
            Event::Shim(None) => break,
            Event::Shim(Some(line)) => match serde_json::from_str(&line) {
                Ok(Report::Spawned { pid, start_time, boot_id }) => {
                    kill_point::reach("program_unrecorded");
                    record.child = Some(Trace { pid, start_time });
                    record.boot_id = boot_id;
                    if let Err(error) = census.record(&record) {
                        tracing::warn!(job = record.job, %error, "the child's pid could not be recorded");
                    }
                    child.push(ChildSaid::Spawned { pid, start_time });
                }
                Ok(report) => child.on_report(report),
                Err(error) => tracing::warn!(job = record.job, %error, "a shim sent what is not understood"),
            },
            Event::Asked(Some(asked)) => child.on_asked(asked).await,
            Event::Asked(None) => handles = false,
            Event::Step => {
                let order = child.ladder.advance();
                child.order(order).await;
            }
            Event::Channel => child.read_channel(),
            // `Exited` is the last word but for `Gone`.
            Event::Percent(Some(_)) if child.exited => {}
            Event::Percent(Some(percentage)) => {
                child.push(ChildSaid::Progress(Progress { percentage: Some(percentage), ..Progress::default() }));
            }
            Event::Percent(None) => percents = false,
            Event::Room => child.hand_over(&said),
            Event::CallerLeft => caller = false,
        }
        if !caller {
            child.queue.clear();
            if !handles {
                let order = child.ladder.kill();
                child.order(order).await;
            }
        }
    }

    child.drain_channel();
    if !child.exited && record.child.is_some() {
        child.on_exit(Exit::Unseen);
    }
    if !child.gone && record.child.is_none() {
        let reason = "spawn_failed".to_owned();
        child.push(ChildSaid::SpawnFailed { reason, message: "the shim ended before it started anything".to_owned() });
    }
    let cleaned = async {
        match child.gone {
            true => census.forget(&record.job),
            false => sweep_until_gone(census, record).await,
        }
        for reader in readers {
            let stop = reader.abort_handle();
            if timeout(OUTPUT_WAIT, reader).await.is_err() {
                stop.abort();
            }
        }
        drop(input_file);
        timeout(OUTPUT_WAIT, shim.wait()).await.ok();
    };
    // Neither waits for the other: a slow caller must not keep a dead shim's tree alive.
    tokio::join!(cleaned, tell_all(&said, std::mem::take(&mut child.queue)));
    said.send(ChildSaid::Gone).await.ok();
}

/// Tells the caller what is left to tell, at its pace.
async fn tell_all(said: &mpsc::Sender<ChildSaid>, queue: VecDeque<ChildSaid>) {
    for entry in queue {
        if said.send(entry).await.is_err() {
            return;
        }
    }
}

/// After a shim that died without a word: nothing may be left before the slot is free.
async fn sweep_until_gone(census: Census, record: crate::census::Record) {
    loop {
        let (census, this) = (census.clone(), record.clone());
        let left = tokio::task::spawn_blocking(move || census.sweep_one(&this)).await;
        match left {
            Ok(Left::Surviving(left)) => {
                tracing::warn!(job = record.job, left, "processes of a child whose shim was killed still live");
            }
            Ok(Left::Nothing | Left::Killed(_)) => return,
            // The runtime is ending.
            Err(_) => return,
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
}

/// Writes to the child's channel until it is closed or the last sender is dropped.
async fn speak(mut write: OwnedWriteHalf, mut lines: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if write.write_all(&line).await.is_err() {
            return;
        }
    }
}

impl Supervisor {
    async fn next(
        &mut self,
        reports: &mut Lines<BufReader<OwnedReadHalf>>,
        orders: &mut mpsc::Receiver<Asked>,
        said: &mpsc::Sender<ChildSaid>,
        percent: &mut watch::Receiver<Option<f64>>,
        open: Open,
    ) -> Event {
        let step = self.ladder.deadline();
        let channel = self.channel.as_ref();
        tokio::select! {
            biased;
            line = reports.next_line() => Event::Shim(line.ok().flatten()),
            asked = orders.recv(), if open.handles => Event::Asked(asked),
            () = sleep_until(step.unwrap_or_else(Instant::now)), if step.is_some() => Event::Step,
            () = said.closed(), if open.caller => Event::CallerLeft,
            _ = said.reserve(), if open.caller && !self.queue.is_empty() => Event::Room,
            _ = readable(channel), if channel.is_some() && self.queue.len() < QUEUE => Event::Channel,
            changed = percent.changed(), if open.percents => {
                Event::Percent(changed.ok().and_then(|()| *percent.borrow_and_update()))
            }
        }
    }

    /// Gives the caller what there is room for.
    fn hand_over(&mut self, said: &mpsc::Sender<ChildSaid>) {
        while !self.queue.is_empty() {
            let Ok(permit) = said.try_reserve() else { return };
            if let Some(entry) = self.queue.pop_front() {
                permit.send(entry);
            }
        }
    }

    fn push(&mut self, entry: ChildSaid) {
        match (entry, self.queue.back_mut()) {
            (ChildSaid::Progress(newer), Some(ChildSaid::Progress(waiting))) => waiting.update(newer),
            (entry, _) => self.queue.push_back(entry),
        }
    }

    async fn order(&mut self, order: Option<Order>) {
        if let Some(order) = order {
            // A shim that is gone shows as the end of its reports.
            self.control.write_all(&control::line(&order)).await.ok();
        }
    }

    /// False: there is no channel, or nobody reads it.
    fn tell(&mut self, what: Tell) -> bool {
        let line = self.speech.tell(what, &self.launch);
        self.talk.as_ref().is_some_and(|talk| talk.try_send(line).is_ok())
    }

    async fn on_asked(&mut self, asked: Asked) {
        // A child that is ending is neither paused nor resumed.
        let undecided = !self.exited && self.reported.is_none();
        let ending = !undecided || self.ladder.step() != Step::Ground;
        match (asked, self.launch.pause) {
            (Asked::Pause { .. } | Asked::Resume { .. }, _) if ending => {}
            (Asked::Pause { wish }, PauseKind::Freeze) => {
                self.pause_wish = Some(wish);
                self.order(Some(Order::Freeze)).await;
            }
            (Asked::Pause { wish }, _) => {
                self.pause_wish = Some(wish);
                self.tell(Tell::Pause { wish });
            }
            (Asked::Resume { .. }, PauseKind::Freeze) => self.order(Some(Order::Thaw)).await,
            (Asked::Resume { wish }, _) => {
                self.tell(Tell::Resume { wish });
            }
            (Asked::Abort { wish }, _) => {
                self.under.abort |= undecided;
                self.end(Some(wish)).await;
            }
            (Asked::EndForLimit, _) => {
                self.under.limit |= undecided;
                self.end(None).await;
            }
            (Asked::Kill, _) => {
                self.under.abort |= undecided;
                let order = self.ladder.kill();
                self.order(order).await;
            }
        }
    }

    /// The first step of an abort or a time limit.
    async fn end(&mut self, wish: Option<u64>) {
        if self.exited || self.ladder.step() != Step::Ground {
            return;
        }
        if self.launch.pause == PauseKind::Freeze {
            self.order(Some(Order::Thaw)).await;
        }
        let asked = self.tell(Tell::Abort { wish, grace: self.launch.abort_grace });
        let order = self.ladder.abort(asked);
        self.order(order).await;
    }

    fn on_report(&mut self, report: Report) {
        match report {
            Report::SpawnFailed { reason, message } => self.push(ChildSaid::SpawnFailed { reason, message }),
            Report::Frozen if self.ladder.step() == Step::Ground => self.push(ChildSaid::Paused { wish: self.pause_wish }),
            Report::Thawed if self.ladder.step() == Step::Ground => self.push(ChildSaid::Resumed),
            Report::OutOfMemory { bytes } => {
                if self.reported.is_none() {
                    self.under.out_of_memory = Some(bytes);
                }
                self.push(ChildSaid::OutOfMemory { bytes });
            }
            Report::Exited(exit) => {
                // What the child wrote before its end is in the socket by now, and was said before it.
                self.drain_channel();
                self.on_exit(exit);
            }
            Report::Gone => self.gone = true,
            Report::Spawned { .. } | Report::Frozen | Report::Thawed => {}
        }
    }

    fn on_exit(&mut self, exit: Exit) {
        self.exited = true;
        self.talk = None;
        self.ladder.leave();
        let spoken = match &self.reported {
            Some(reported) => Spoken::End(reported),
            None if self.has_spoken => Spoken::Words,
            None => Spoken::Nothing,
        };
        let outcome = outcome(self.launch.channel, spoken, exit, self.under);
        self.push(ChildSaid::Exited { exit, in_words: exit.in_words(), outcome });
    }
}

/// Ends when the channel has something to read; never without a channel.
async fn readable(channel: Option<&OwnedReadHalf>) {
    match channel {
        Some(channel) => {
            channel.readable().await.ok();
        }
        None => std::future::pending().await,
    }
}
