-- Jobs, their log, and what stands beside them.
-- Times are milliseconds since 1970 in UTC. Ids are the 16 bytes of a UUID of version 7, so that they sort by age.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- Columns are what is searched, sorted or guarded; the rest of a job is JSON in body.
-- Words are guarded by CASE, which compares; IN with more than two words would build a table of them for every row that is written.
CREATE TABLE job (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    tenant       TEXT NOT NULL,
    owner        TEXT NOT NULL,
    task         TEXT NOT NULL,
    mode         TEXT NOT NULL CHECK (CASE mode WHEN 'process' THEN 1 WHEN 'tracked' THEN 1 WHEN 'worker' THEN 1 WHEN 'mirrored' THEN 1 ELSE 0 END),
    session      TEXT,
    subject_type TEXT,
    subject_id   TEXT,
    batch        TEXT,
    root         BLOB,             -- NULL: itself
    external_id  TEXT,
    status       TEXT NOT NULL,
    ended        INTEGER NOT NULL, -- 1 when status is an end; keeps active jobs apart in every index
    priority     INTEGER NOT NULL,
    queued_at    INTEGER NOT NULL,
    wake_at      INTEGER,          -- when the clock has to look at it; NULL: never
    created_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    metadata     TEXT,
    body         BLOB NOT NULL,
    CHECK (ended = CASE status WHEN 'pending' THEN 0 WHEN 'running' THEN 0 WHEN 'completed' THEN 1 WHEN 'failed' THEN 1
                               WHEN 'scheduled' THEN 0 WHEN 'paused' THEN 0 WHEN 'waiting' THEN 0 WHEN 'retrying' THEN 0
                               WHEN 'aborted' THEN 1 WHEN 'timed_out' THEN 1 WHEN 'lost' THEN 1 ELSE -1 END),
    CHECK (ended = (ended_at IS NOT NULL)),
    CHECK ((subject_type IS NULL) = (subject_id IS NULL))
) WITHOUT ROWID;

CREATE INDEX job_by_tenant   ON job (tenant, ended, id);
CREATE INDEX job_by_owner    ON job (tenant, owner, ended, id);
CREATE INDEX job_by_task     ON job (tenant, task, ended, id);
CREATE INDEX job_by_session  ON job (tenant, session, ended, id) WHERE session IS NOT NULL;
CREATE INDEX job_by_subject  ON job (tenant, subject_type, subject_id, ended, id) WHERE subject_id IS NOT NULL;
CREATE INDEX job_by_batch    ON job (tenant, batch, ended, id) WHERE batch IS NOT NULL;
CREATE INDEX job_by_root     ON job (root, ended, id) WHERE root IS NOT NULL;
CREATE INDEX job_by_external ON job (tenant, external_id, ended, id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX job_mirrored ON job (tenant, task, external_id) WHERE mode = 'mirrored' AND external_id IS NOT NULL;
CREATE INDEX job_active      ON job (tenant, status, id) WHERE ended = 0;
CREATE INDEX job_to_wake     ON job (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX job_to_claim    ON job (mode, task, priority DESC, queued_at, id) WHERE status = 'pending';

CREATE TABLE job_tag (
    tenant TEXT NOT NULL,
    tag    TEXT NOT NULL,
    ended  INTEGER NOT NULL,
    job    BLOB NOT NULL,
    PRIMARY KEY (tenant, tag, ended, job)
) WITHOUT ROWID;

CREATE TABLE payload (
    job  BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (CASE kind WHEN 'input' THEN 1 WHEN 'result' THEN 1 WHEN 'answer' THEN 1 ELSE 0 END),
    json TEXT NOT NULL,
    PRIMARY KEY (job, kind)
) WITHOUT ROWID;

CREATE TABLE attempt (
    job           BLOB NOT NULL,
    number        INTEGER NOT NULL,
    holder        TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    ended_at      INTEGER,          -- NULL: under way
    outcome       TEXT,
    error_kind    TEXT,
    error_message TEXT,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;

-- The log. Places grow by one, without holes; what is at or below meta.floor is no longer kept.
CREATE TABLE event (
    place       INTEGER PRIMARY KEY,
    job         BLOB NOT NULL,
    rev         INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    by          TEXT,               -- NULL: the clock
    from_status TEXT,               -- NULL: a submit
    summary     BLOB NOT NULL,      -- JSON as frames carry it
    extra       TEXT
);

CREATE UNIQUE INDEX event_of_job ON event (job, rev);

CREATE TABLE kept_answer (
    scope       TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    jobs        BLOB NOT NULL,      -- ids one after another
    at          INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX kept_answer_by_age ON kept_answer (at);

-- Jobs by status of each owner and task; what is wider is their sum.
CREATE TABLE counter (
    tenant TEXT NOT NULL,
    owner  TEXT NOT NULL,
    task   TEXT NOT NULL,
    status TEXT NOT NULL,
    n      INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (tenant, owner, task, status)
) WITHOUT ROWID;
