-- What happened, in order and for good. Each row's hash covers its own columns and the hash of the row before (src/operations/audit-chain.ts).
CREATE TABLE audit_events (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  outcome TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_name TEXT,
  token_name TEXT,
  token_sha TEXT,
  session_id TEXT,
  address TEXT,
  project TEXT,
  server TEXT,
  tool TEXT,
  action TEXT,
  resource TEXT,
  duration_ms INTEGER,
  request_bytes INTEGER,
  response_bytes INTEGER,
  detail TEXT,
  hash TEXT NOT NULL
) STRICT;

-- Only what picks few rows out of many is worth its cost at every insert; what is nearly always the same is left out of its index.
CREATE INDEX audit_events_at ON audit_events (at, seq);
CREATE INDEX audit_events_user ON audit_events (user_name, seq) WHERE user_name IS NOT NULL;
CREATE INDEX audit_events_token ON audit_events (token_sha, seq) WHERE token_sha IS NOT NULL;
CREATE INDEX audit_events_project ON audit_events (project, seq) WHERE project IS NOT NULL;
CREATE INDEX audit_events_tool ON audit_events (tool, seq) WHERE tool IS NOT NULL;
CREATE INDEX audit_events_not_ok ON audit_events (outcome, seq) WHERE outcome <> 'ok';
CREATE INDEX audit_events_not_call ON audit_events (kind, seq) WHERE kind <> 'call';

-- The last row that retention took away: the chain goes on from its hash. Signed, so that nobody else can cut off the beginning.
CREATE TABLE audit_anchor (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  mac TEXT NOT NULL
) STRICT;

INSERT INTO audit_anchor (id, seq, hash, at, mac) VALUES (1, 0, '', 0, '');

-- Signed now and then: a chain that was cut short or computed anew does not fit them.
CREATE TABLE audit_heads (
  seq INTEGER PRIMARY KEY,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  mac TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_events_in_order BEFORE INSERT ON audit_events
WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM audit_events), (SELECT seq FROM audit_anchor))
BEGIN
  SELECT RAISE(ABORT, 'audit events are appended at the end');
END;

CREATE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit events are never changed');
END;

CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events
WHEN OLD.seq > (SELECT seq FROM audit_anchor)
BEGIN
  SELECT RAISE(ABORT, 'audit events are deleted from the beginning, by retention');
END;

CREATE TRIGGER audit_anchor_forward BEFORE UPDATE ON audit_anchor WHEN NEW.seq <= OLD.seq
BEGIN
  SELECT RAISE(ABORT, 'the anchor of the audit log only moves forward');
END;

CREATE TRIGGER audit_anchor_kept BEFORE DELETE ON audit_anchor
BEGIN
  SELECT RAISE(ABORT, 'the audit log has an anchor');
END;

CREATE TRIGGER audit_heads_unchanged BEFORE UPDATE ON audit_heads
BEGIN
  SELECT RAISE(ABORT, 'signed heads are never changed');
END;

CREATE TRIGGER audit_heads_kept BEFORE DELETE ON audit_heads
WHEN OLD.seq > (SELECT seq FROM audit_anchor)
BEGIN
  SELECT RAISE(ABORT, 'signed heads are deleted from the beginning, by retention');
END;
