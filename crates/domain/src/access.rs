//! Who may do what, decided in one place that every edge uses.

use crate::topic::{Topic, View, Visibility};
use crate::{Text, Timestamp, named};

named! {
    /// What a token lets its bearer do.
    pub enum Scope {
        JobsRead = "jobs:read",
        JobsSubmit = "jobs:submit",
        JobsControl = "jobs:control",
        JobsReport = "jobs:report",
        Admin = "admin",
    }
}

/// Who asks, as established by a token, a key, a ticket, or open mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub subject: Text,
    pub tenant: Text,
    /// Sorted, without doubles.
    pub scopes: Vec<Scope>,
    /// Sees and controls everybody's jobs of its tenant, not only its own.
    pub is_tenant_wide: bool,
    /// May name another user as a job's owner.
    pub is_service: bool,
    /// When its rights end; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// Why somebody may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// The token lacks this scope.
    MissingScope(Scope),
    /// Only a service may act for another owner.
    OtherOwner,
    /// Others speak of a source's jobs by their names: only a service chooses one.
    NameAtSource,
}

impl Principal {
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    pub fn require(&self, scope: Scope) -> Result<(), Denied> {
        if self.has(scope) { Ok(()) } else { Err(Denied::MissingScope(scope)) }
    }

    /// What it may see: its own jobs, or all of its tenant.
    pub fn view(&self) -> View {
        let visibility = match self.is_tenant_wide || self.scopes.contains(&Scope::Admin) {
            true => Visibility::Tenant,
            false => Visibility::Owner(self.subject.clone()),
        };
        View { tenant: self.tenant.clone(), visibility }
    }

    /// The owner of a job that it submits for `named`, or for itself.
    pub fn owner_for(&self, named: Option<Text>) -> Result<Text, Denied> {
        match named {
            None => Ok(self.subject.clone()),
            Some(owner) if owner == self.subject || self.is_service => Ok(owner),
            Some(_) => Err(Denied::OtherOwner),
        }
    }

    /// The topic as it is meant for this caller: `me` becomes its subject.
    pub fn resolve(&self, topic: Topic) -> Topic {
        match topic {
            Topic::Owner(owner) if &*owner == "me" => Topic::Owner(self.subject.clone()),
            other => other,
        }
    }
}
