DROP POLICY service_writes ON plan.findings;
REVOKE INSERT, UPDATE, DELETE ON plan.findings FROM tidegrid_service;
REVOKE DELETE ON plan.dirty FROM tidegrid_service;
DROP FUNCTION plan.freeze_undoing(bigint, text, text), plan.undoing(bigint);
DROP FUNCTION plan.discard(text[]), plan.take_effect(bigint), plan.overtaken(bigint);
DROP FUNCTION plan.trace_areas(bigint, timestamptz), plan.freeze(text, text, timestamptz);
DROP FUNCTION plan.record_of(jsonb);
DROP VIEW plan.changes;
DROP VIEW plan.differences;
