-- Connections are numbered, each number once for ever: one row with the first number that no start
-- of the server has reserved yet.

CREATE TABLE connection_numbers (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    next INTEGER NOT NULL
) STRICT;
