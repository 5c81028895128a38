-- Account and region of every ARN that the registry's policies, roles and topics name.
CREATE TABLE account_scope (
    row_id INTEGER PRIMARY KEY CHECK (row_id = 1),
    account TEXT NOT NULL,
    region TEXT NOT NULL
) STRICT;
