-- A mirrored job is named by its source, whatever its task: one job for each name.

ALTER TABLE job ADD COLUMN source TEXT;
DROP INDEX job_mirrored;
CREATE UNIQUE INDEX job_by_source ON job (external_id, source, tenant) WHERE source IS NOT NULL;
