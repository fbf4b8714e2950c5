GRANT EXECUTE ON FUNCTION city.raise_clock(text, public.box2d) TO PUBLIC;
DROP TRIGGER tell_reading ON city.readings;
DROP FUNCTION city.tell_reading();
REVOKE SELECT (target, measure, value, observed_at, valid_for) ON city.readings FROM tidegrid_public;
GRANT SELECT ON city.readings TO tidegrid_public;
ALTER TABLE city.readings
    DROP CONSTRAINT ck_readings_value,
    ADD CONSTRAINT ck_readings_value CHECK (value >= 0),
    DROP CONSTRAINT ck_readings_target,
    DROP CONSTRAINT ck_readings_measure,
    DROP CONSTRAINT ck_readings_observed_at,
    DROP CONSTRAINT ck_readings_valid_for;
