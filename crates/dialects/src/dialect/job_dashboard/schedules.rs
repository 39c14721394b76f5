//! Schedules of system 3: not kept yet, and said so. Nothing is taken that would not run.

use super::error;
use crate::dialect::{Request, Step};

/// Every route of schedules.
pub(super) fn later(_: &Request<'_>) -> Step {
    let message = "Schedules are not kept yet: a cron job of the machine, or of the app, can make the jobs.";
    error(501, "SCHEDULES_NOT_SUPPORTED", message).into()
}
