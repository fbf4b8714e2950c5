-- Values of a row that can be judged by themselves.

-- --- gaps: a program that pastes sends nothing as NULL, not as the column's default ---------------

CREATE FUNCTION plan.fill_gaps() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    shape geometry := new.geom;
    missing jsonb;
BEGIN
    new.geom := NULL;  -- a curve cannot be written as JSON
    SELECT jsonb_object_agg(key, value) INTO missing FROM jsonb_each(tg_argv[0]::jsonb)
        WHERE to_jsonb(new) -> key = 'null';
    new := jsonb_populate_record(new, missing);
    new.geom := shape;
    RETURN new;
END $$;

-- --- values that nobody could show or judge -------------------------------------------------------

-- What is wrong with attributes, NULL if nothing: they are an object, small, of numbers that a program
-- can hold, and not so deep that reading them ends in an error.
CREATE FUNCTION plan.odd_attributes(attributes jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN jsonb_typeof(attributes) <> 'object' THEN 'attributes'
        WHEN length(attributes::text) > 20000 OR attributes @? '$.**{20}' THEN 'attributes_large'
        WHEN attributes @? '$.** ? (@ > 1e300 || @ < -1e300)' THEN 'attributes_number' END
$$;

-- How long texts may be is the argument, by column; what a planner left as it was is not judged. A
-- column is named as its comment does.
CREATE FUNCTION plan.judge_values() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    shape geometry := new.geom;
    r jsonb;
    was jsonb := '{}';
    one record;
    because text;
BEGIN
    IF plan.is_publishing() THEN
        RETURN new;
    END IF;
    new.geom := NULL;  -- a curve cannot be written as JSON
    r := to_jsonb(new);
    IF tg_op = 'UPDATE' THEN
        old.geom := NULL;
        was := to_jsonb(old);
    END IF;
    FOR one IN SELECT m.key, m.value::integer AS most, r -> m.key AS value,
            col_description(tg_relid, attnum) AS title
        FROM jsonb_each_text(tg_argv[0]::jsonb) AS m JOIN pg_attribute ON attrelid = tg_relid
            AND attname = m.key WHERE r -> m.key IS DISTINCT FROM was -> m.key ORDER BY attnum
    LOOP
        IF one.key = 'attributes' THEN
            because := plan.odd_attributes(one.value);
        ELSIF jsonb_typeof(one.value) = 'string' AND length(one.value #>> '{}') > one.most THEN
            because := 'too_long';
        ELSIF jsonb_typeof(one.value) = 'array' AND (jsonb_array_length(one.value) > one.most
            OR one.value @? 'strict $[*] ? (@.type() != "string")'
            OR EXISTS (SELECT FROM jsonb_array_elements_text(one.value) AS item
                WHERE length(item) > one.most))
        THEN
            because := 'list';
        END IF;
        IF because IS NOT NULL THEN
            RETURN plan.refuse(because, tg_table_name, r, NULL, jsonb_build_object(
                'what', CASE WHEN plan.speaks_english()
                    THEN split_part(split_part(one.title, ' · ', 2), ', ', 1)
                    ELSE split_part(one.title, ' · ', 1) END,
                'is', one.value #>> '{}', 'most', one.most));
        END IF;
    END LOOP;
    new.geom := shape;
    RETURN new;
END $$;

-- --- kind, code, state ---------------------------------------------------------------------------

-- Whoever is bound by row-level security knows public kinds only.
CREATE FUNCTION plan.judge_kind() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    is_bound boolean := row_security_active(tg_relid);
    english boolean := plan.speaks_english();
    known text;
BEGIN
    IF plan.is_publishing() OR EXISTS (SELECT FROM city.kinds AS k WHERE k.family = tg_argv[0]
        AND k.slug = new.kind AND (k.is_public OR NOT is_bound))
    THEN
        RETURN new;
    END IF;
    SELECT string_agg(k.slug || ' ' || CASE WHEN english THEN k.name_en ELSE k.name_zh END, ', '
            ORDER BY k.slug) INTO known
        FROM city.kinds AS k WHERE k.family = tg_argv[0] AND (k.is_public OR NOT is_bound);
    RETURN plan.refuse('kind', tg_table_name, to_jsonb(new), NULL,
        jsonb_build_object('is', new.kind, 'known', known));
END $$;

-- Of two who take the same code in the same moment the second waits here for the first, and is then
-- told like anybody else. The room for locks is small: from some codes on a transaction takes none,
-- and the unique constraint, which knows no language, keeps the two apart.
CREATE FUNCTION plan.wait_for_code(code text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    taken integer := coalesce(nullif(current_setting('tidegrid.codes', true), ''), '0');
BEGIN
    IF taken < 64 THEN
        PERFORM set_config('tidegrid.codes', (taken + 1)::text, true);
        PERFORM pg_advisory_xact_lock(hashtextextended(code, 0));
    END IF;
END $$;

CREATE FUNCTION plan.judge_code() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    well_formed text := (SELECT pattern FROM plan.patterns WHERE name = 'code');
    code text;
    taken text;
BEGIN
    IF plan.is_publishing() THEN
        RETURN new;
    ELSIF tg_table_name = 'stalls' THEN
        PERFORM plan.wait_for_code(concat_ws(':', tg_table_name, new.zone_code, new.number));
        code := coalesce(new.number, '');
        IF coalesce(new.zone_code, '') !~ well_formed THEN
            code := coalesce(new.zone_code, '');
        END IF;
        SELECT concat_ws(' ', zone_code, number) INTO taken FROM plan.stalls
            WHERE zone_code = new.zone_code AND number = new.number AND id <> new.id;
    ELSE
        PERFORM plan.wait_for_code(concat_ws(':', tg_table_name,
            CASE WHEN tg_table_name <> 'stall_zones' THEN new.kind END, new.code));
        code := coalesce(new.code, '');
        IF tg_table_name = 'stall_zones' THEN
            SELECT name INTO taken FROM plan.stall_zones AS t
                WHERE t.code = new.code AND id <> new.id;
        ELSIF tg_table_name = 'areas' THEN
            SELECT name INTO taken FROM plan.areas AS t
                WHERE kind = new.kind AND t.code = new.code AND id <> new.id;
        ELSE
            SELECT name INTO taken FROM plan.facilities AS t
                WHERE kind = new.kind AND t.code = new.code AND id <> new.id;
        END IF;
    END IF;
    IF code !~ well_formed THEN
        RETURN plan.refuse('code', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', code));
    ELSIF taken IS NOT NULL THEN
        RETURN plan.refuse('code_taken', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', code, 'by', taken));
    END IF;
    RETURN new;
END $$;

CREATE FUNCTION plan.judge_state() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF new.state <> ALL (tg_argv) AND NOT plan.is_publishing() THEN
        RETURN plan.refuse('state', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', new.state, 'known', array_to_string(tg_argv, ', ')));
    END IF;
    RETURN new;
END $$;
