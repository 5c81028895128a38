-- MQTT sessions that outlive their connections, their subscriptions, and what is queued for them.
-- A group of shared subscriptions that nobody is there to serve has a queue too, under its filter:
-- no client id begins with '$'.
CREATE TABLE sessions (
    client_id TEXT PRIMARY KEY,
    -- Rises with each connection: who is not the latest changes nothing.
    epoch INTEGER NOT NULL,
    -- 4 is MQTT 3.1.1.
    protocol_level INTEGER NOT NULL,
    -- Seconds after the connection's end.
    expiry INTEGER NOT NULL,
    -- The first instant at which it is gone; NULL while it is connected.
    until INTEGER,
    -- The last message of its queue that was sent to the client at least once.
    sent_to INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_until ON sessions (until) WHERE until IS NOT NULL;

CREATE TABLE session_filters (
    client_id TEXT NOT NULL,
    filter TEXT NOT NULL,
    qos INTEGER NOT NULL,
    no_local INTEGER NOT NULL,
    retain_as_published INTEGER NOT NULL,
    PRIMARY KEY (client_id, filter)
) STRICT, WITHOUT ROWID;

CREATE TABLE queued_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    properties TEXT,
    until INTEGER,
    bytes INTEGER NOT NULL,
    -- Queues that hold it.
    queues INTEGER NOT NULL
) STRICT;

CREATE TABLE session_queue (
    client_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    PRIMARY KEY (client_id, number)
) STRICT, WITHOUT ROWID;

-- Bytes of all messages that are queued, each once.
CREATE TABLE queued_total (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO queued_total (row_id, bytes) VALUES (1, 0);
