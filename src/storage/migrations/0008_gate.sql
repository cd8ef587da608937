-- For whom the gate of a project is open, and what it delivered to them. A holder is a caller by id, or one session of a caller.
CREATE TABLE gate_openings (
  project_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  holder TEXT NOT NULL,
  tags TEXT NOT NULL,
  delivered TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (project_id, holder)
) STRICT, WITHOUT ROWID;

CREATE INDEX gate_openings_expiry ON gate_openings (expires_at);
