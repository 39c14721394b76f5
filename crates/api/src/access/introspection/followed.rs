//! The sessions behind live connections, and behind the live cookies of redeemed tickets: each is asked about again before what is known of
//! it is too old, once for all its connections. One task looks at all of them, and only while there are some.
//!
//! A session that has ended ends its connections; one that has become another's, too; other rights are given in place. An app that does
//! not answer ends nothing until it has been silent for [`SILENCE_MS`].

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use domain::Timestamp;
use domain::access::Principal;
use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use wire::close::Close;

use super::{Answered, Asked, Introspection, Said, lock};
use crate::access::Known;
use crate::access::known::{Basis, Mark, Session, lasting};
use crate::access::shown::Credentials;

/// How often it is looked which sessions are due.
const TICK: Duration = Duration::from_millis(500);
/// Sessions that are asked about at once.
const BATCH: usize = 16;
/// How soon a session is asked about again after the app said nothing, in milliseconds.
const AGAIN_MS: u64 = 2_000;
/// Rest after a batch to which the app said nothing at all.
const REST: Duration = Duration::from_secs(1);
/// How long live connections outlive an app that does not answer, in milliseconds.
const SILENCE_MS: u64 = 300_000;
/// Sessions that are kept for their live cookies alone.
const COOKIES: usize = 10_000;

/// How a session stands.
#[derive(Debug, Clone)]
struct Standing {
    principal: Arc<Principal>,
    /// Set once it has ended.
    ended: Option<Close>,
}

struct Group {
    credentials: Arc<Credentials>,
    connections: usize,
    /// How long a live cookie needs it, even without connections.
    cookie_until: Option<Timestamp>,
    standing: watch::Sender<Standing>,
    /// Of the newest answer; a later one has a higher number.
    number: u64,
    /// When the question was sent to which the app last said something.
    heard_at: Timestamp,
    expires_at: Option<Timestamp>,
    due: Timestamp,
}

pub(super) struct Followed {
    cache_ms: u64,
    groups: HashMap<Mark, Group>,
    is_looked_after: bool,
}

impl Followed {
    pub(super) fn new(cache_ms: u64) -> Followed {
        Followed { cache_ms, groups: HashMap::new(), is_looked_after: false }
    }

    /// When it must be asked again about a session, so that the answer is there in time.
    fn due(&self, asked_at: Timestamp, expires_at: Option<Timestamp>) -> Timestamp {
        let by_age = self.cache_ms / 10 * 9;
        // A session may be lengthened by being used, up to its very end.
        let by_end = expires_at.map_or(u64::MAX, |at| at.since_ms(asked_at) / 2);
        asked_at.plus_ms(by_age.min(by_end))
    }

    fn enter(&mut self, principal: &Principal, session: &Session) -> &mut Group {
        let due = self.due(session.asked_at, principal.expires_at);
        let standing = || Standing { principal: Arc::new(lasting(principal)), ended: None };
        let group = self.groups.entry(session.credentials.mark).or_insert_with(|| Group {
            credentials: session.credentials.clone(),
            connections: 0,
            cookie_until: None,
            standing: watch::Sender::new(standing()),
            number: session.number,
            heard_at: session.asked_at,
            expires_at: principal.expires_at,
            due,
        });
        if session.number > group.number {
            (group.number, group.heard_at, group.expires_at, group.due) =
                (session.number, session.asked_at, principal.expires_at, due);
            group.standing.send_replace(standing());
        }
        group
    }

    /// Takes note of an answer, whoever asked for it.
    pub(super) fn learn(&mut self, mark: Mark, answered: &Answered, now: Timestamp) {
        let expires_at = match &answered.said {
            Said::Known(principal) => principal.expires_at,
            _ => None,
        };
        let next = self.due(answered.asked_at, expires_at);
        let Some(group) = self.groups.get_mut(&mark).filter(|group| answered.number > group.number) else { return };
        group.number = answered.number;
        let ended = match &answered.said {
            Said::Known(principal) => {
                (group.heard_at, group.expires_at, group.due) = (answered.asked_at, expires_at, next);
                let principal = lasting(principal);
                group.standing.send_if_modified(|standing| {
                    let is_new = standing.ended.is_some() || *standing.principal != principal;
                    if is_new {
                        *standing = Standing { principal: Arc::new(principal), ended: None };
                    }
                    is_new
                });
                return;
            }
            Said::SignedOut => {
                (group.heard_at, group.due) = (answered.asked_at, next);
                Some(Close::TokenExpired)
            }
            Said::Nothing => {
                group.due = now.plus_ms(AGAIN_MS);
                match group.expires_at.is_some_and(|at| at <= now) {
                    true => Some(Close::TokenExpired),
                    false => (now >= group.heard_at.plus_ms(SILENCE_MS)).then_some(Close::Overloaded),
                }
            }
        };
        if ended.is_some() {
            group.standing.send_modify(|standing| standing.ended = ended);
            if group.connections == 0 && answered.said == Said::SignedOut {
                self.groups.remove(&mark);
            }
        }
    }

    /// Some sessions that must be asked about now; `None` when there is none to look after any more.
    fn take_due(&mut self, now: Timestamp) -> Option<Vec<Arc<Credentials>>> {
        self.groups.retain(|_, group| group.connections > 0 || group.cookie_until.is_some_and(|until| until > now));
        if self.groups.is_empty() {
            self.is_looked_after = false;
            return None;
        }
        // A clock that went back would put it off.
        let is_due = |group: &&mut Group| group.connections > 0 && (now >= group.due || now < group.heard_at);
        let due = self.groups.values_mut().filter(is_due).take(BATCH);
        Some(due.map(|group| group.credentials.clone()).collect())
    }

    fn forget_soonest_cookie(&mut self) {
        let idle = self.groups.iter().filter(|(_, group)| group.connections == 0);
        let soonest = idle.min_by_key(|(_, group)| group.cookie_until).map(|(mark, _)| *mark);
        if let Some(mark) = soonest {
            self.groups.remove(&mark);
        }
    }
}

/// A live connection's hold on its session.
pub(crate) struct Watching {
    introspection: Arc<Introspection>,
    mark: Mark,
    standing: watch::Receiver<Standing>,
    /// As the connection knows it.
    mine: Arc<Principal>,
}

/// What has become of a connection's session.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Ended(Close),
    /// The same user may other things now.
    Changed(Arc<Principal>),
}

impl Watching {
    pub(crate) fn accept(&mut self, changed: Arc<Principal>) {
        self.mine = changed;
    }

    /// Waits for news of the session. Loses nothing when it is dropped half-way.
    pub(crate) fn news(&self) -> impl Future<Output = News> + Send + 'static {
        let (mut standing, mine) = (self.standing.clone(), self.mine.clone());
        async move {
            loop {
                let now = standing.borrow_and_update().clone();
                if let Some(news) = against(&now, &mine) {
                    return news;
                }
                if standing.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

fn against(standing: &Standing, mine: &Principal) -> Option<News> {
    let Standing { principal, ended } = standing;
    if let Some(close) = ended {
        return Some(News::Ended(*close));
    }
    if principal.subject != mine.subject || principal.tenant != mine.tenant {
        return Some(News::Ended(Close::IdentityChanged));
    }
    (**principal != *mine).then(|| News::Changed(principal.clone()))
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut followed = lock(&self.introspection.followed);
        if let Some(group) = followed.groups.get_mut(&self.mark) {
            group.connections -= 1;
            if group.connections == 0 && group.cookie_until.is_none() {
                followed.groups.remove(&self.mark);
            }
        }
    }
}

impl Introspection {
    /// Looks after the session of somebody for as long as what is answered is kept.
    pub(crate) fn follow(self: &Arc<Self>, known: &Known) -> Option<Watching> {
        let session = known.session.as_ref()?;
        let mut followed = lock(&self.followed);
        let group = followed.enter(&known.principal, session);
        group.connections += 1;
        let standing = group.standing.subscribe();
        self.look_after(&mut followed);
        Some(Watching {
            introspection: self.clone(),
            mark: session.credentials.mark,
            standing,
            mine: Arc::new(lasting(&known.principal)),
        })
    }

    /// Keeps what a live cookie rests on until the cookie ends.
    pub(crate) fn keep_for_cookie(self: &Arc<Self>, known: &Known, until: Timestamp) {
        let Some(session) = &known.session else { return };
        let mut followed = lock(&self.followed);
        if followed.groups.len() >= COOKIES {
            followed.forget_soonest_cookie();
        }
        let group = followed.enter(&known.principal, session);
        group.cookie_until = group.cookie_until.max(Some(until));
        self.look_after(&mut followed);
    }

    /// Who the session with this mark belongs to now, if it is still looked after.
    pub(crate) async fn by_mark(self: &Arc<Self>, session: Mark) -> Option<Result<Known, crate::access::Unknown>> {
        let credentials = lock(&self.followed).groups.get(&session).map(|group| group.credentials.clone())?;
        Some(self.bearer_of(credentials).await)
    }

    /// Whether rights of this basis are its to give.
    pub(crate) fn gave(&self, basis: Basis) -> Option<Mark> {
        match basis {
            Basis::Session { rules, session } if rules == self.basis => Some(session),
            _ => None,
        }
    }

    fn look_after(self: &Arc<Self>, followed: &mut Followed) {
        if !std::mem::replace(&mut followed.is_looked_after, true) {
            tokio::spawn(look_after(Arc::downgrade(self)));
        }
    }
}

async fn look_after(introspection: Weak<Introspection>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(introspection) = introspection.upgrade() else { return };
        loop {
            let now = introspection.clock.now();
            let Some(due) = lock(&introspection.followed).take_due(now) else { return };
            if due.is_empty() {
                break;
            }
            let answers = join_all(due.iter().map(|credentials| introspection.ask(credentials, Asked::Anew))).await;
            let is_silent = |answer: &Option<Answered>| answer.as_ref().is_none_or(|answered| answered.said == Said::Nothing);
            if answers.iter().all(is_silent) {
                tokio::time::sleep(REST).await;
                break;
            }
        }
    }
}
