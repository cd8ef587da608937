-- That an event is appended at the end is looked at behind it: in front of it SQLite puts each row together twice, which was a third of what
-- writing one took. A row whose number is taken is refused by the number, and that another goes in its place by `recursive_triggers`.
DROP TRIGGER audit_events_in_order;

CREATE TRIGGER audit_events_in_order AFTER INSERT ON audit_events
WHEN NOT EXISTS (SELECT 1 FROM audit_events WHERE seq = NEW.seq - 1) AND NEW.seq <> 1 + (SELECT seq FROM audit_anchor)
BEGIN
  SELECT RAISE(ABORT, 'audit events are appended at the end');
END;
