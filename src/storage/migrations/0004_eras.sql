-- In which era a server answered, when, and what it executed then: asked anew after some days, or when it answers no more.
CREATE TABLE eras (
  server_id TEXT PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  era TEXT NOT NULL,
  decided_at INTEGER NOT NULL
) STRICT;
