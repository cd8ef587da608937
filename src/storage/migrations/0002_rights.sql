-- Groups bind ids, as definitions do: whoever is deleted and made again under the same name is in no group.
CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  member_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  PRIMARY KEY (member_id, group_id)
) STRICT;

CREATE INDEX group_members_group ON group_members (group_id);
CREATE INDEX rbac_subjects_definition ON rbac_subjects (definition_id);
CREATE INDEX sessions_user ON sessions (user_id);

-- A token that a token minted ends with it; one that was rotated leaves its name to its successor.
ALTER TABLE tokens ADD COLUMN parent_id TEXT REFERENCES tokens (id) ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN successor_id TEXT;
ALTER TABLE tokens ADD COLUMN tools TEXT;
ALTER TABLE tokens ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;

CREATE INDEX tokens_parent ON tokens (parent_id);
CREATE INDEX tokens_successor ON tokens (successor_id);
DROP INDEX tokens_active_name;
CREATE UNIQUE INDEX tokens_active_name ON tokens (project_id, name) WHERE revoked_at IS NULL AND successor_id IS NULL;

-- What a tool said of itself when this version of its server first listed it; a server cannot talk itself into a read-only token.
CREATE TABLE tool_pins (
  server_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  tool TEXT NOT NULL,
  read_only INTEGER NOT NULL,
  PRIMARY KEY (server_id, fingerprint, tool)
) STRICT;
