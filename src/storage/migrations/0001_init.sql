-- Portable types only: TEXT, and INTEGER for milliseconds, counts and 0/1 (design §7).

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE resources (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  fields TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT;

-- Which definitions speak of a subject. Subjects are ids, so a re-created user of the same name inherits nothing.
CREATE TABLE rbac_subjects (
  definition_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  subject TEXT NOT NULL,
  PRIMARY KEY (subject, definition_id)
) STRICT;

-- Ciphertext only. The data key is wrapped by the master key; both bind the secret's id and version.
CREATE TABLE secret_values (
  secret_id TEXT PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  wrapped_key TEXT NOT NULL,
  ciphertext TEXT NOT NULL
) STRICT;

CREATE TABLE passwords (
  user_id TEXT PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  description TEXT,
  project_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  owner_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX tokens_active_name ON tokens (project_id, name) WHERE revoked_at IS NULL;
CREATE INDEX tokens_owner ON tokens (owner_id);

-- What a server last said it offers, so that lists are answered at once, also when it is down.
CREATE TABLE offers (
  server_id TEXT PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  body TEXT NOT NULL,
  fetched_at INTEGER NOT NULL
) STRICT;
