-- Names that clients were once shown: none is ever given to another tool of the project, even when the first is gone.
CREATE TABLE exposed_names (
  project_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  list TEXT NOT NULL,
  shown TEXT NOT NULL,
  server_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  own TEXT NOT NULL,
  PRIMARY KEY (project_id, list, shown)
) STRICT, WITHOUT ROWID;

CREATE INDEX exposed_names_server ON exposed_names (server_id);
