-- What a server offers to clients of certain abilities only is pinned beside what it offers to all; '' is what it offers to all.
CREATE TABLE pins (
  server_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  variant TEXT NOT NULL DEFAULT '',
  tool TEXT NOT NULL,
  read_only INTEGER NOT NULL,
  approved_hash TEXT,
  approved TEXT,
  rejected_hash TEXT,
  change_id TEXT,
  change_hash TEXT,
  change TEXT,
  change_read_only INTEGER NOT NULL DEFAULT 0,
  change_hidden TEXT NOT NULL DEFAULT '',
  seen_at INTEGER,
  PRIMARY KEY (server_id, fingerprint, variant, tool)
) STRICT;
INSERT INTO pins (server_id, fingerprint, tool, read_only, approved_hash, approved, rejected_hash, change_id, change_hash, change,
    change_read_only, change_hidden, seen_at)
  SELECT server_id, fingerprint, tool, read_only, approved_hash, approved, rejected_hash, change_id, change_hash, change,
    change_read_only, change_hidden, seen_at FROM tool_pins;
DROP TABLE tool_pins;
ALTER TABLE pins RENAME TO tool_pins;
CREATE UNIQUE INDEX tool_pins_change ON tool_pins (change_id) WHERE change_id IS NOT NULL;

-- Which variants were listed once: the first list of each is its baseline.
CREATE TABLE variants (
  server_id TEXT NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL,
  variant TEXT NOT NULL,
  abilities TEXT NOT NULL,
  listed_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, fingerprint, variant)
) STRICT;
