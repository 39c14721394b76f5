-- The events of a job form a chain through the log, newest first, in place of an index over all events.

ALTER TABLE event ADD COLUMN prev INTEGER NOT NULL DEFAULT 0;      -- place of the job's event before this one; 0: none
ALTER TABLE job ADD COLUMN last_event INTEGER NOT NULL DEFAULT 0;  -- place of the job's newest event; 0: none

-- Ways into long chains: the places of every 64th revision.
CREATE TABLE event_anchor (
    job   BLOB NOT NULL,
    place INTEGER NOT NULL,
    rev   INTEGER NOT NULL,
    PRIMARY KEY (job, place)
) WITHOUT ROWID;

UPDATE event SET prev = coalesce((SELECT earlier.place FROM event AS earlier INDEXED BY event_of_job
    WHERE earlier.job = event.job AND earlier.rev < event.rev ORDER BY earlier.rev DESC LIMIT 1), 0);
UPDATE job SET last_event = coalesce((SELECT event.place FROM event INDEXED BY event_of_job
    WHERE event.job = job.id ORDER BY event.rev DESC LIMIT 1), 0);
INSERT INTO event_anchor (job, place, rev)
    SELECT event.job, event.place, event.rev FROM event WHERE event.rev % 64 = 0 AND EXISTS (SELECT 1 FROM job WHERE job.id = event.job);

DROP INDEX event_of_job;
