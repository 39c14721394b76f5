-- One index by status takes the place of two: a tenant's jobs are the merge of its statuses, each of which is sorted by id.

DROP INDEX job_active;
DROP INDEX job_by_tenant;
CREATE INDEX job_by_status ON job (status, tenant, id);

-- What tells rows apart most often comes first, so that a comparison of two entries ends early: most installations have one tenant.
DROP INDEX job_by_owner;
DROP INDEX job_by_task;
DROP INDEX job_to_claim;
CREATE INDEX job_by_owner ON job (owner, tenant, ended, id);
CREATE INDEX job_by_task  ON job (task, tenant, ended, id);
CREATE INDEX job_to_claim ON job (task, mode, priority DESC, queued_at, id) WHERE status = 'pending';
