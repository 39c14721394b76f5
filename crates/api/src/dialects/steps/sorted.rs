//! Lists in an order of the client's, with a total. Newest first is how jobs stand in the store, and costs a page however many there are; any other
//! order is made of what the filter finds, which is bounded.

use dialects::dialect::{JobFilter, Order, Page, SORTED_JOBS, SortKey, Sorted};
use domain::job::Job;
use engine::Error;

use super::{Outcome, Run, whole_job};

impl Run<'_> {
    pub(super) async fn sorted(&self, filter: &JobFilter, order: Order, page: &Page) -> Outcome<Sorted> {
        if order == Order::NEWEST {
            let listing = self.page(filter, page).await?;
            let is_more = listing.next.is_some();
            let shown = (page.skip + listing.jobs.len()) as u64;
            let (total, is_all) = match (is_more, listing.jobs.is_empty()) {
                // The last page says how many there are.
                (false, false) => (shown, true),
                _ => self.total(filter).await?,
            };
            return Ok(Sorted { jobs: listing.jobs, total: total.max(shown), is_all, is_more });
        }
        let (mut jobs, is_all) = self.all(filter).await?;
        let total = jobs.len() as u64;
        if !is_all {
            return Ok(Sorted { jobs: Vec::new(), total, is_all, is_more: true });
        }
        sort(&mut jobs, order);
        let is_more = jobs.len() > page.skip + page.limit;
        let mut shown = Vec::with_capacity(page.limit);
        for job in jobs.into_iter().skip(page.skip).take(page.limit) {
            let payloads = self.context.engine.store().payloads(job.id).await.map_err(Error::from)?;
            shown.push(whole_job(&job, &payloads));
        }
        Ok(Sorted { jobs: shown, total, is_all, is_more })
    }

    /// How many the filter finds, and whether these are all. By status alone they are counted already.
    async fn total(&self, filter: &JobFilter) -> Outcome<(u64, bool)> {
        let by_status = JobFilter { status: filter.status.clone(), ..JobFilter::default() };
        if *filter == by_status {
            let counts = self.context.engine.stats(self.known).await?;
            let total = match filter.status.is_empty() {
                true => counts.total(),
                false => filter.status.iter().map(|status| counts.of(*status)).sum(),
            };
            return Ok((total, true));
        }
        let (jobs, is_all) = self.all(filter).await?;
        Ok((jobs.len() as u64, is_all))
    }

    /// All that the filter finds, and whether these are all.
    async fn all(&self, filter: &JobFilter) -> Outcome<(Vec<Job>, bool)> {
        let mut query = self.query(filter);
        let mut jobs = Vec::new();
        loop {
            let (found, _) = self.context.engine.list(self.known, query.clone()).await?;
            jobs.extend(found.jobs);
            query.before = found.next;
            if jobs.len() > SORTED_JOBS || query.before.is_none() {
                break;
            }
        }
        let is_all = jobs.len() <= SORTED_JOBS;
        jobs.truncate(SORTED_JOBS);
        Ok((jobs, is_all))
    }
}

/// Of two at the same time, the older stands first where times ascend.
fn sort(jobs: &mut [Job], order: Order) {
    jobs.sort_by(|one, other| {
        let time = |job: &Job| match order.by {
            SortKey::Created => Some(job.created_at),
            SortKey::Updated => Some(job.updated_at),
            SortKey::Due => job.due_at.filter(|_| job.status.is_active()),
        };
        let (at, of_other) = (time(one), time(other));
        let by_time = (at, one.id).cmp(&(of_other, other.id));
        let by_time = if order.is_ascending { by_time } else { by_time.reverse() };
        at.is_none().cmp(&of_other.is_none()).then(by_time)
    });
}
