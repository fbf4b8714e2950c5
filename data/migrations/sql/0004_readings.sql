-- To PostgreSQL NaN is larger than every number, so `value >= 0` lets it pass. A notification holds
-- 8000 bytes: longer names would make the write fail with words that help nobody.
ALTER TABLE city.readings
    DROP CONSTRAINT ck_readings_value,
    ADD CONSTRAINT ck_readings_value CHECK (value >= 0 AND value < 'Infinity'),
    ADD CONSTRAINT ck_readings_target
        CHECK (target ~ '^(stall_zone|facility):[^:]+:.' AND length(target) <= 300),
    ADD CONSTRAINT ck_readings_measure CHECK (length(measure) BETWEEN 1 AND 60),
    ADD CONSTRAINT ck_readings_observed_at CHECK (isfinite(observed_at)),
    ADD CONSTRAINT ck_readings_valid_for CHECK (valid_for > interval '0');

-- Who says so may be a person: not for the public.
REVOKE SELECT ON city.readings FROM tidegrid_public;
GRANT SELECT (target, measure, value, observed_at, valid_for) ON city.readings TO tidegrid_public;

-- Anybody who may log in can listen: what is not public is not told at all. A reading that was
-- deleted has no value.
CREATE FUNCTION city.tell_reading() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    told city.readings;
    is_gone boolean := tg_op = 'DELETE';
BEGIN
    IF is_gone THEN told := old; ELSE told := new; END IF;
    IF EXISTS (SELECT FROM city.kinds AS k WHERE k.is_public
        AND k.family = split_part(told.target, ':', 1) AND k.slug = split_part(told.target, ':', 2))
    THEN
        PERFORM pg_notify('tidegrid', json_build_object(
            'layer', 'readings', 'target', told.target, 'measure', told.measure,
            'value', CASE WHEN NOT is_gone THEN told.value END,
            'observed_at', CASE WHEN NOT is_gone THEN told.observed_at END,
            'valid_until', CASE WHEN NOT is_gone THEN told.observed_at + told.valid_for END)::text);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER tell_reading AFTER INSERT OR UPDATE OR DELETE ON city.readings
    FOR EACH ROW EXECUTE FUNCTION city.tell_reading();

-- Only what changes a layer raises its clock: whoever could call this could make every reader load
-- everything again and again. Triggers call it with the rights of the owner.
REVOKE ALL ON FUNCTION city.raise_clock(text, public.box2d) FROM PUBLIC;
