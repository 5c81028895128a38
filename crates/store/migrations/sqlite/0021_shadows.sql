-- Device shadows. The thing need not be registered; '' is the classic shadow's name.
CREATE TABLE shadows (
    thing TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    metadata TEXT NOT NULL,
    -- Until when a deleted one's version is remembered; NULL while it is there.
    deleted_until INTEGER,
    PRIMARY KEY (thing, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX shadows_deleted_until ON shadows (deleted_until) WHERE deleted_until IS NOT NULL;
