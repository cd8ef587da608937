-- What was approved of each tool, and what its server says of it since. Hashes are of the whole definition in canonical form; texts are there
-- to be compared by people, and absent when a definition is too long to keep.
ALTER TABLE tool_pins ADD COLUMN approved_hash TEXT;
ALTER TABLE tool_pins ADD COLUMN approved TEXT;
ALTER TABLE tool_pins ADD COLUMN rejected_hash TEXT;
ALTER TABLE tool_pins ADD COLUMN change_id TEXT;
ALTER TABLE tool_pins ADD COLUMN change_hash TEXT;
ALTER TABLE tool_pins ADD COLUMN change TEXT;
ALTER TABLE tool_pins ADD COLUMN change_read_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tool_pins ADD COLUMN change_hidden TEXT NOT NULL DEFAULT '';
ALTER TABLE tool_pins ADD COLUMN seen_at INTEGER;

-- Approved before definitions were kept: the next list says what it was that was approved.
UPDATE tool_pins SET approved_hash = '';

CREATE UNIQUE INDEX tool_pins_change ON tool_pins (change_id) WHERE change_id IS NOT NULL;
