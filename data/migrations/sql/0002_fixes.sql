-- Numbers of batches: what workers tell each other instead of places.
CREATE SEQUENCE city.fix_batches;

-- Days are made ahead and dropped whole, never emptied row by row. The owner does it on behalf of
-- the service, which may not create or drop anything itself.
CREATE FUNCTION city.keep_fixes(days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    wanted date;
    old text;
BEGIN
    IF days < 1 THEN
        RAISE EXCEPTION 'fixes are kept for one day at least, not %', days;
    END IF;
    PERFORM pg_advisory_xact_lock(431305);
    FOR wanted IN SELECT generate_series(today, today + 2, '1 day')::date LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS city.%I PARTITION OF city.fixes '
            'FOR VALUES FROM (%L) TO (%L)', 'fixes_' || to_char(wanted, 'YYYYMMDD'),
            wanted::timestamp AT TIME ZONE 'UTC', (wanted + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
    FOR old IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'city.fixes'::regclass
        AND c.relname < 'fixes_' || to_char(today - days, 'YYYYMMDD') LOOP
        EXECUTE format('DROP TABLE city.%I', old);
    END LOOP;
END $$;
SELECT city.keep_fixes(1);

-- A token that is issued or revoked counts in every worker at once.
CREATE TRIGGER clock_insert AFTER INSERT ON city.tokens
    REFERENCING NEW TABLE AS changed_new EXECUTE FUNCTION city.tick_plain('tokens');
CREATE TRIGGER clock_update AFTER UPDATE ON city.tokens
    REFERENCING OLD TABLE AS changed_old NEW TABLE AS changed_new
    EXECUTE FUNCTION city.tick_plain('tokens');
CREATE TRIGGER clock_delete AFTER DELETE ON city.tokens
    REFERENCING OLD TABLE AS changed_old EXECUTE FUNCTION city.tick_plain('tokens');

REVOKE ALL ON FUNCTION city.keep_fixes(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION city.keep_fixes(integer) TO tidegrid_service;
GRANT SELECT, INSERT ON city.fixes TO tidegrid_service;
GRANT USAGE ON SEQUENCE city.fix_batches TO tidegrid_service;
