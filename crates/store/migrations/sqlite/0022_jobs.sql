-- Jobs, what they are rolled out to, their executions, and who is to be told.

CREATE TABLE jobs (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    is_continuous INTEGER NOT NULL,
    namespace TEXT,
    description TEXT,
    document TEXT NOT NULL,
    document_source TEXT,
    template_arn TEXT,
    parameters TEXT NOT NULL,
    settings TEXT NOT NULL,
    reason_code TEXT,
    comment TEXT,
    is_forced INTEGER NOT NULL,
    -- The windows of its schedule are closed: nothing queued is handed out.
    is_closed INTEGER NOT NULL,
    -- Its endTime has come.
    has_ended INTEGER NOT NULL,
    -- Things are still looked up or wait for their execution.
    is_rolling INTEGER NOT NULL,
    -- 1: queued executions are being cancelled, 2: those in progress too.
    canceling INTEGER NOT NULL,
    -- When the background looks at it again, for its rollout and for its schedule.
    due INTEGER,
    turn INTEGER,
    -- The minute of its rollout.
    window_start INTEGER,
    window_used INTEGER NOT NULL,
    -- Things by the status of their latest execution.
    queued INTEGER NOT NULL,
    in_progress INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    timed_out INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    canceled INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    completed INTEGER
) STRICT;

CREATE INDEX jobs_due ON jobs (due) WHERE due IS NOT NULL;
CREATE INDEX jobs_turn ON jobs (turn) WHERE turn IS NOT NULL;
CREATE INDEX jobs_status ON jobs (status, row_id);

CREATE TABLE job_targets (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_row INTEGER NOT NULL REFERENCES jobs (row_id),
    -- thing or thinggroup
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The group and the thing after which its members are looked up next.
    is_listed INTEGER NOT NULL,
    after_group INTEGER NOT NULL,
    after_thing INTEGER NOT NULL,
    UNIQUE (job_row, kind, name)
) STRICT;

CREATE INDEX job_targets_by_name ON job_targets (kind, name);

-- Things that wait for their execution.
CREATE TABLE job_waiting (
    job_row INTEGER NOT NULL REFERENCES jobs (row_id),
    thing_row INTEGER NOT NULL,
    PRIMARY KEY (job_row, thing_row)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_executions (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_row INTEGER NOT NULL REFERENCES jobs (row_id),
    thing TEXT NOT NULL,
    number INTEGER NOT NULL,
    -- How many retries came before it.
    attempt INTEGER NOT NULL,
    is_latest INTEGER NOT NULL,
    -- Its thing left the targets of a continuous job after it.
    has_left INTEGER NOT NULL,
    status TEXT NOT NULL,
    details TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_forced INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,
    started_at INTEGER,
    modified INTEGER NOT NULL,
    -- The ends of the two timers, and the earlier of them.
    deadline INTEGER,
    step_deadline INTEGER,
    due INTEGER,
    UNIQUE (thing, job_row, number)
) STRICT;

CREATE INDEX job_executions_pending ON job_executions (thing, row_id)
    WHERE status IN ('QUEUED', 'IN_PROGRESS');
CREATE INDEX job_executions_by_job ON job_executions (job_row, status, row_id);
CREATE INDEX job_executions_due ON job_executions (due) WHERE due IS NOT NULL;

-- Things whose devices are to be told of their jobs.
CREATE TABLE job_notices (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    thing TEXT NOT NULL,
    list_changed INTEGER NOT NULL,
    next_changed INTEGER NOT NULL
) STRICT;

-- Things that may enter or leave continuous jobs.
CREATE TABLE job_moves (
    thing_row INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE job_templates (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    document TEXT NOT NULL,
    document_source TEXT,
    settings TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;
