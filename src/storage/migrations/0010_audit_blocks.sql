-- Which users, tokens, projects and tools stand in each block of 1,024 events, in place of an index over every event: that was nine tenths of what
-- writing one cost, and half of its space (src/storage/audit-blocks.ts). By block first: what is
-- written together lies together, however many tokens there are. Derived from the events, which alone are chained.
CREATE TABLE audit_blocks (
  block INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (block, name, value)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_blocks (name, value, block)
SELECT DISTINCT 'user', user_name, seq / 1024 FROM audit_events WHERE user_name IS NOT NULL;
INSERT INTO audit_blocks (name, value, block)
SELECT DISTINCT 'tokenSha', token_sha, seq / 1024 FROM audit_events WHERE token_sha IS NOT NULL;
INSERT INTO audit_blocks (name, value, block)
SELECT DISTINCT 'project', project, seq / 1024 FROM audit_events WHERE project IS NOT NULL;
INSERT INTO audit_blocks (name, value, block)
SELECT DISTINCT 'tool', tool, seq / 1024 FROM audit_events WHERE tool IS NOT NULL;

DROP INDEX audit_events_user;
DROP INDEX audit_events_token;
DROP INDEX audit_events_project;
DROP INDEX audit_events_tool;

CREATE TRIGGER audit_blocks_unchanged BEFORE UPDATE ON audit_blocks
BEGIN
  SELECT RAISE(ABORT, 'blocks of the audit log are never changed');
END;

CREATE TRIGGER audit_blocks_kept BEFORE DELETE ON audit_blocks
WHEN OLD.block * 1024 + 1023 > (SELECT seq FROM audit_anchor)
BEGIN
  SELECT RAISE(ABORT, 'blocks of the audit log are deleted from the beginning, by retention');
END;
