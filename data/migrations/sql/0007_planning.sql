-- What a single row of the plan can be judged on is judged at every save, whoever writes. What needs
-- other rows (gaps, overlaps) is not: QGIS saves a moved border as one row after another.

-- Publishing brings the plan in line with what was judged at another door, and only it may say so.
CREATE FUNCTION plan.is_publishing() RETURNS boolean
LANGUAGE sql STABLE
RETURN current_user = 'tidegrid_owner' AND current_setting('tidegrid.publishing', true) = 'on';

-- Who does this: a login, which nobody can choose. The service alone works for others, and says for
-- whom; what another login sets there is not looked at.
CREATE FUNCTION city.actor() RETURNS text
LANGUAGE sql STABLE
RETURN CASE WHEN coalesce(current_setting('tidegrid.token', true), '') <> ''
    AND pg_has_role(session_user, 'tidegrid_service', 'MEMBER')
    THEN 'token ' || current_setting('tidegrid.token') ELSE session_user::text END;
ALTER TABLE city.history ALTER changed_by SET DEFAULT city.actor();
COMMENT ON COLUMN city.history.changed_by IS
    '操作人 · which login; of the service, the token that it worked for';

-- What people and findings call a row.
CREATE FUNCTION plan.id_of(layer text, r jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN layer = 'stalls' THEN 'stall:' || (r ->> 'zone_code') || '/' || (r ->> 'number')
    ELSE (r ->> 'kind') || ':' || (r ->> 'code') END;

CREATE FUNCTION plan.speaks_english() RETURNS boolean
LANGUAGE sql STABLE
RETURN coalesce(current_setting('tidegrid.language', true), '') = 'en';

CREATE FUNCTION plan.filled(words text, parts jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE part record;
BEGIN
    FOR part IN SELECT key, coalesce(value, '') AS value FROM jsonb_each_text(parts) LOOP
        words := replace(words, '{' || part.key || '}', part.value);
    END LOOP;
    RETURN words;
END $$;

-- What somebody wrote, short enough for a message box.
CREATE FUNCTION plan.brief(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(words) > 60 THEN left(words, 60) || '…' ELSE words END;

-- The row as people know it: kind, code and name.
CREATE FUNCTION plan.named(layer text, r jsonb, english boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT CASE
        WHEN layer = 'stalls' THEN concat_ws(' ', CASE WHEN english THEN 'Stall' ELSE '摊位' END,
            plan.brief(r ->> 'zone_code'), plan.brief(r ->> 'number'))
        ELSE concat_ws(' ',
            coalesce((SELECT CASE WHEN english THEN k.name_en ELSE k.name_zh END FROM city.kinds k
                WHERE k.family || 's' = replace(layer, 'ies', 'ys') AND k.slug = r ->> 'kind'),
                plan.brief(r ->> 'kind')),
            nullif(plan.brief(r ->> 'code'), ''),
            CASE WHEN english THEN '"' || nullif(plan.brief(r ->> 'name'), '') || '"'
                ELSE '“' || nullif(plan.brief(r ->> 'name'), '') || '”' END) END
$$;

-- The only place that refuses: one error with the row, the place, what is wrong, and the remedy. It
-- never returns; called as `RETURN plan.refuse(...)`, it leaves the fewest lines about itself.
CREATE FUNCTION plan.refuse(because text, layer text, r jsonb, place geometry, parts jsonb)
RETURNS record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
    said plan.messages;
    english boolean := plan.speaks_english();
    spot text := '';
BEGIN
    SELECT * INTO STRICT said FROM plan.messages WHERE key = because;
    SELECT parts || coalesce(jsonb_object_agg(key, plan.brief(value)), '{}') INTO parts
        FROM jsonb_each_text(parts) WHERE key IN ('is', 'by');
    -- A place that is nowhere would print three hundred digits.
    IF greatest(abs(ST_X(place)), abs(ST_Y(place))) < 1e9 THEN
        spot := format(CASE WHEN english THEN ' (at %s, %s)' ELSE '（位置 %s, %s）' END,
            round(ST_X(place)::numeric, 6), round(ST_Y(place)::numeric, 6));
    END IF;
    RAISE EXCEPTION USING ERRCODE = said.sqlstate,
        MESSAGE = plan.named(layer, r, english) || CASE WHEN english THEN ': ' ELSE '：' END
            || plan.filled(CASE WHEN english THEN said.en ELSE said.zh END, parts) || spot,
        HINT = plan.filled(CASE WHEN english THEN said.hint_en ELSE said.hint_zh END, parts);
END $$;

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

-- --- versions: who edited what, and on top of what ------------------------------------------------

-- Whether a row of the plan, as history keeps it, says what is published.
CREATE FUNCTION plan.is_published(layer text, r jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
    own text[] := ARRAY['id', 'row_version', 'base_version', 'edited_by', 'edited_at', 'hours', 'geom'];
    shown text[] := ARRAY['id', 'generation', 'valid', 'schedule_id', 'geom'];
    key_columns text := CASE layer WHEN 'areas' THEN '(kind, code)' WHEN 'stall_zones' THEN '(code)'
        WHEN 'stalls' THEN '(zone_code, number)' ELSE '(kind, code)' END;
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM city.%1$I AS c '
        'JOIN jsonb_populate_record(NULL::plan.%1$I, $1) AS r USING %2$s '
        'LEFT JOIN city.schedules AS s ON s.id = (to_jsonb(c) ->> ''schedule_id'')::bigint '
        'WHERE upper_inf(c.valid) AND $1 ->> ''hours'' IS NOT DISTINCT FROM s.hours '
        'AND c.geom = r.geom AND to_jsonb(c) - $3 = $1 - $2)', layer, key_columns)
        INTO found USING r, own, shown;
    RETURN found;
END $$;

-- Of each column that a change takes away: who set it, since the row was last as published? What is
-- somebody else's becomes a finding, one for each person; the edit itself is in history, under the
-- number that the finding tells. The name of a table has a collation of its own, by which the index of
-- history is not sorted.
CREATE FUNCTION plan.tell_overwritten(because text, layer text, r bigint, columns text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    change city.history;
    states jsonb[] := '{}';
    theirs text[];
    told text[] := ARRAY[city.actor()];
BEGIN
    IF NOT EXISTS (SELECT FROM city.history AS h WHERE h.table_name = 'plan.' || layer COLLATE "default"
        AND h.row_id = r AND h.changed_by <> city.actor())
    THEN
        RETURN;
    END IF;
    FOR change IN SELECT * FROM city.history AS h WHERE h.table_name = 'plan.' || layer COLLATE "default"
        AND h.row_id = r AND h.action <> 'DELETE' ORDER BY h.id DESC
    LOOP
        EXIT WHEN cardinality(columns) = 0;
        states := states || change.after;
        SELECT coalesce(array_agg(c), '{}') INTO theirs FROM unnest(columns) AS c
            WHERE change.before -> c IS DISTINCT FROM change.after -> c;
        IF cardinality(theirs) > 0 AND change.changed_by <> ALL (told) THEN
            -- Dear, so not asked before somebody else comes up.
            EXIT WHEN (SELECT bool_or(plan.is_published(layer, s)) FROM unnest(states) AS s);
            PERFORM plan.tell_lost(because, layer, change);
            told := told || change.changed_by;
            states := '{}';
        END IF;
        columns := ARRAY(SELECT c FROM unnest(columns) AS c WHERE c <> ALL (theirs));
    END LOOP;
END $$;

CREATE FUNCTION plan.tell_lost(because text, layer text, lost city.history)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    said plan.messages;
    severity text := (SELECT known.severity FROM plan.rules AS known WHERE known.rule = 'overwritten');
    geom geometry := lost.after ->> 'geom';
    parts jsonb := jsonb_build_object('who', lost.changed_by, 'by', city.actor(), 'layer', layer,
        'id', plan.id_of(layer, lost.after), 'change', lost.id,
        'when', to_char(lost.changed_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'));
BEGIN
    SELECT * INTO STRICT said FROM plan.messages WHERE key = because;
    INSERT INTO plan.findings (key, rule, severity, layer, features, place, shape,
        words_zh, words_en, hint_zh, hint_en, lost_by)
    VALUES (concat_ws(':', 'overwritten', layer, lost.row_id, lost.after ->> 'row_version'),
        'overwritten', severity, layer, ARRAY[plan.id_of(layer, lost.after)],
        ST_PointOnSurface(geom), geom,
        plan.named(layer, lost.after, false) || '：' || plan.filled(said.zh, parts),
        plan.named(layer, lost.after, true) || ': ' || plan.filled(said.en, parts),
        plan.filled(said.hint_zh, parts), plan.filled(said.hint_en, parts), lost.changed_by)
    ON CONFLICT (key) DO NOTHING;
END $$;

-- An edit that started from an older version goes through if all changes since are the same
-- person's: a program saves one person's edit in several steps, and knows only the first version.
CREATE FUNCTION plan.changed_since(base bigint, layer text, row_id bigint)
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT jsonb_build_object('who', h.changed_by, 'when',
            to_char(h.changed_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'))
        FROM city.history AS h
        WHERE h.table_name = 'plan.' || layer COLLATE "default" AND h.row_id = changed_since.row_id
        AND h.changed_by <> city.actor() AND (h.after ->> 'row_version')::bigint > base
        ORDER BY h.id DESC LIMIT 1
$$;

-- Called for an update that names another version than the row has, or none.
CREATE FUNCTION plan.mind_others() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    own text[] := ARRAY['id', 'family', 'row_version', 'base_version', 'edited_by', 'edited_at', 'geom'];
    shape geometry := new.geom;
    place geometry := old.geom;
    other jsonb;
BEGIN
    IF new.base_version IS NULL THEN
        old.geom := NULL;
        new.geom := NULL;  -- a curve cannot be written as JSON
        PERFORM plan.tell_overwritten('overwritten', tg_table_name, old.id, ARRAY(
            SELECT was.key FROM jsonb_each(to_jsonb(old) - own) AS was
                WHERE was.value IS DISTINCT FROM to_jsonb(new) -> was.key
            UNION ALL SELECT 'geom' WHERE ST_Multi(shape) IS DISTINCT FROM ST_Multi(place)));
        new.geom := shape;
        RETURN new;
    ELSIF new.base_version NOT BETWEEN 1 AND old.row_version THEN
        RETURN plan.refuse('version_unknown', tg_table_name, to_jsonb(old), ST_PointOnSurface(place),
            jsonb_build_object('is', new.base_version, 'now', old.row_version));
    END IF;
    other := plan.changed_since(new.base_version, tg_table_name, old.id);
    IF other IS NOT NULL THEN
        RETURN plan.refuse('conflict', tg_table_name, to_jsonb(old), ST_PointOnSurface(place), other);
    END IF;
    RETURN new;
END $$;

-- A row that comes back goes on counting: who has it open from before it was deleted started from
-- another version.
CREATE FUNCTION plan.first_version(layer text, r bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN coalesce(pg_catalog.max((coalesce(h.after, h.before)
            OPERATOR(pg_catalog.->>) 'row_version')::pg_catalog.int8), 0) OPERATOR(pg_catalog.+) 1
        FROM city.history AS h
        WHERE h.table_name OPERATOR(pg_catalog.=)
            pg_catalog.concat('plan.', layer COLLATE "default")
        AND h.row_id OPERATOR(pg_catalog.=) r;
END $$;

-- Every save comes through here: names are written in full, for a search_path of its own costs a
-- function more than all that it does.
CREATE FUNCTION plan.stamp() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF tg_op OPERATOR(pg_catalog.=) 'INSERT' THEN
        new.row_version := 1;
        -- Its number is not a planner's to choose: it may be another's, or have been in history.
        IF NOT pg_catalog.pg_has_role('tidegrid_owner', 'MEMBER') THEN
            new.id := pg_catalog.nextval(pg_catalog.format('plan.%s_id_seq', tg_table_name));
        ELSE
            new.row_version := plan.first_version(tg_table_name, new.id);
        END IF;
    ELSE
        new.id := old.id;
        new.row_version := old.row_version OPERATOR(pg_catalog.+) 1;
    END IF;
    new.base_version := NULL;
    new.edited_by := city.actor();
    new.edited_at := pg_catalog.now();
    RETURN new;
END $$;

-- A deletion cannot say which version it saw: it goes through, and takes nobody's edit with it unseen.
CREATE FUNCTION plan.part_with() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM plan.tell_overwritten('deleted', tg_table_name, old.id,
        ARRAY(SELECT jsonb_object_keys(to_jsonb(old) - ARRAY['id', 'family', 'row_version',
            'base_version', 'edited_by', 'edited_at'])));
    RETURN old;
END $$;

-- Unless to lose the edits is what was asked for, and only discarding may say so.
CREATE FUNCTION plan.is_giving_up() RETURNS boolean
LANGUAGE sql STABLE
RETURN current_user = 'tidegrid_owner' AND current_setting('tidegrid.giving_up', true) = 'on';

-- Writes columns of a row on top of all that is there, knowingly: with its version, so that no edit is
-- told as overwritten. A row that is gone comes back under its number. Whether anything was to be
-- written.
CREATE FUNCTION plan.write_over(layer text, r bigint, state jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    columns text;
    differs boolean;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
        WHERE attrelid = ('plan.' || layer)::regclass AND attnum > 0 AND attgenerated = ''
        AND NOT attisdropped
        AND attname NOT IN ('id', 'row_version', 'base_version', 'edited_by', 'edited_at');
    EXECUTE format('SELECT (p.%2$s) IS DISTINCT FROM (s.%3$s) FROM plan.%1$I AS p, '
        'jsonb_populate_record(p, $2) AS s WHERE p.id = $1 FOR UPDATE OF p', layer,
        replace(columns, ', ', ', p.'), replace(columns, ', ', ', s.')) INTO differs USING r, state;
    IF differs THEN
        EXECUTE format('UPDATE plan.%1$I AS p SET (%2$s) = (SELECT %2$s FROM '
            'jsonb_populate_record(p, $2)), base_version = row_version WHERE id = $1', layer, columns)
            USING r, state;
    ELSIF differs IS NULL THEN
        EXECUTE format('INSERT INTO plan.%1$I (id, %2$s) SELECT $1, %2$s FROM '
            'jsonb_populate_record(NULL::plan.%1$I, $2)', layer, columns) USING r, state;
    END IF;
    RETURN differs IS DISTINCT FROM false;
END $$;

CREATE FUNCTION plan.stamp_rule() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    -- Beyond these a check of one place would read the whole city. NaN is larger than all.
    IF new.distance_m NOT BETWEEN 0 AND 1000 OR new.area_m2 NOT BETWEEN 0 AND 1000000 THEN
        RETURN plan.refuse('rule_value', 'rules', jsonb_build_object('kind', new.rule), NULL, '{}');
    END IF;
    new.edited_by := session_user;
    new.edited_at := now();
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

-- --- what tells of others cannot be silenced -------------------------------------------------------

-- Two rules tell what befell somebody's work: they may be set harder, not softer.
CREATE FUNCTION plan.judge_rule() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RETURN plan.refuse('rule_stays', 'rules', jsonb_build_object('kind', new.rule), NULL, '{}');
END $$;

-- Who overwrote an edit does not say that nobody misses it: whose it was does, or who runs the city.
CREATE FUNCTION plan.judge_lost() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF row_security_active(tg_relid) AND pg_has_role('tidegrid_planner', 'USAGE') THEN
        RETURN plan.refuse('lost_by_other', 'findings', jsonb_build_object('kind',
                rtrim(CASE WHEN plan.speaks_english() THEN old.words_en ELSE old.words_zh END, '。.')),
            NULL, jsonb_build_object('who', old.lost_by));
    END IF;
    RETURN old;
END $$;

-- Rules and findings are kept in history, too: who set or settled what. A rule has a name, no number.
CREATE FUNCTION plan.keep_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO city.history (table_name, row_id, action, before, after)
        VALUES ('plan.' || tg_table_name, coalesce((to_jsonb(old) ->> 'id')::bigint, 0), tg_op,
            to_jsonb(old), to_jsonb(new));
    RETURN NULL;
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

-- --- shape ---------------------------------------------------------------------------------------

-- Heights, measures, curves, other systems and single parts are no mistake of the planner's.
CREATE FUNCTION plan.brought(geom geometry, wants text[]) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public AS $$
BEGIN
    geom := ST_Force2D(geom);
    IF GeometryType(geom) IN ('CURVEPOLYGON', 'MULTISURFACE') THEN
        geom := ST_CurveToLine(geom);
    END IF;
    IF GeometryType(geom) = 'GEOMETRYCOLLECTION' THEN
        geom := ST_CollectionHomogenize(geom);
    END IF;
    IF GeometryType(geom) = 'POLYGON' AND 'MULTIPOLYGON' = ANY (wants)
        AND 'POLYGON' <> ALL (wants)
    THEN
        geom := ST_Multi(geom);
    ELSIF GeometryType(geom) = 'MULTIPOINT' AND ST_NumGeometries(geom) = 1 THEN
        geom := ST_GeometryN(geom, 1);
    END IF;
    RETURN CASE WHEN ST_SRID(geom) = 0 THEN ST_SetSRID(geom, 4326)
        WHEN ST_SRID(geom) = 4326 THEN geom ELSE ST_Transform(geom, 4326) END;
END $$;

-- The city as drawn counts, the published one where none is drawn. An outline of thousands of points
-- cannot be read at every save. So it is kept in pieces, and as squares that lie wholly within it:
-- they overlap, so that almost every shape lies in one, and boxes are compared in no time.
CREATE FUNCTION plan.city_cut(outline geometry) RETURNS TABLE (geom geometry, is_square boolean)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public AS $$
    SELECT ST_Subdivide(outline, 64), false
    UNION ALL
    SELECT square, true FROM (
            SELECT ST_XMin(outline) AS x, ST_YMin(outline) AS y,
                greatest(ST_XMax(outline) - ST_XMin(outline), ST_YMax(outline) - ST_YMin(outline)) / 48
                AS step
        ) AS corner, generate_series(0, 47) AS i, generate_series(0, 47) AS j,
        ST_MakeEnvelope(x + i * step, y + j * step, x + (i + 3) * step, y + (j + 3) * step, 4326)
            AS square
        WHERE ST_Covers(outline, square)
$$;

CREATE FUNCTION plan.cut_city() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    -- Of two who edit cities at once the second sees the first's before it begins.
    LOCK TABLE plan.city_pieces IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM plan.city_pieces;
    INSERT INTO plan.city_pieces (geom, is_square) SELECT cut.*
        FROM plan.areas, plan.city_cut(geom) AS cut WHERE kind = 'city';
    IF NOT FOUND THEN
        INSERT INTO plan.city_pieces (geom, is_square) SELECT cut.*
            FROM city.areas, plan.city_cut(geom) AS cut
            WHERE kind = 'city' AND upper_inf(valid);
    END IF;
    RETURN NULL;
END $$;

-- The part of a shape that stands out of the city by more than the rule allows. Where there is no
-- city there is no outside.
CREATE FUNCTION plan.outside_city(shape geometry) RETURNS geometry
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    inside geometry;
    rule plan.rules;
BEGIN
    IF EXISTS (SELECT FROM plan.city_pieces WHERE ST_Covers(geom, shape)) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO rule FROM plan.rules AS known WHERE known.rule = 'outside_city';
    IF NOT coalesce(rule.is_on, false) OR NOT EXISTS (SELECT FROM plan.city_pieces) THEN
        RETURN NULL;
    ELSIF ST_Dimension(shape) = 0 THEN
        RETURN CASE WHEN NOT EXISTS (SELECT FROM plan.city_pieces
            WHERE ST_DWithin(geom::geography, shape::geography, coalesce(rule.distance_m, 0)))
            THEN shape END;
    END IF;
    SELECT ST_Union(geom) INTO inside FROM plan.city_pieces
        WHERE geom && shape AND NOT is_square;
    shape := coalesce(ST_Difference(shape, inside), shape);
    RETURN CASE WHEN ST_Area(shape::geography) > coalesce(rule.area_m2, 0) THEN shape END;
END $$;
REVOKE ALL ON FUNCTION plan.outside_city(geometry) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plan.outside_city(geometry) TO tidegrid_planner, tidegrid_service;

-- The shape as its column holds it; refuses one that is not sound.
CREATE FUNCTION plan.sound(shape geometry, wants text[], layer text, new record) RETURNS geometry
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
    detail valid_detail;
    because text;
    outside geometry;
    place geometry;
    parts jsonb := '{}';
    r jsonb;
BEGIN
    BEGIN
        shape := plan.brought(shape, wants);
    EXCEPTION WHEN OTHERS THEN
        because := 'system';
        parts := jsonb_build_object('is', ST_SRID(shape));
    END;
    IF because IS NOT NULL THEN
        NULL;  -- told below
    ELSIF plan.is_publishing() THEN
        RETURN shape;
    ELSIF shape IS NULL OR ST_IsEmpty(shape) THEN
        because := 'geometry_missing';
    ELSIF GeometryType(shape) <> ALL (wants) THEN
        because := 'geometry_type';
        parts := jsonb_build_object('is', GeometryType(shape), 'wants',
            array_to_string(wants, ', '));
    ELSIF ST_Dimension(shape) = 0 AND 'NaN' IN (ST_X(shape), ST_Y(shape)) THEN
        because := 'Invalid Coordinate';  -- of points nobody asks whether they are valid
    ELSE
        detail := ST_IsValidDetail(shape);
        IF NOT detail.valid THEN
            because := coalesce((SELECT key FROM plan.messages WHERE key = detail.reason), 'invalid');
            place := ST_SetSRID(detail.location, 4326);
            parts := jsonb_build_object('reason', detail.reason);
        ELSIF NOT ST_MakeEnvelope(-180, -90, 180, 90, 4326) ~ shape THEN
            because := 'no_place';
            place := ST_Centroid(shape);
        ELSE
            outside := plan.outside_city(shape);
        END IF;
    END IF;
    IF because IS NULL AND outside IS NULL THEN
        RETURN shape;
    END IF;
    new.geom := NULL;  -- whatever is wrong in it must not keep us from telling
    r := to_jsonb(new);
    IF because IS NULL THEN
        -- The city's own outline is the one thing that may leave the city: it is the one that was
        -- drawn first, any other lies in it.
        IF r -> 'kind' = '"city"' AND NOT EXISTS (SELECT FROM plan.areas AS other
            WHERE other.kind = 'city' AND other.id < (r ->> 'id')::bigint)
        THEN
            RETURN shape;
        END IF;
        because := 'outside_city';
        place := ST_PointOnSurface(outside);
    END IF;
    new := plan.refuse(because, layer, r, place, parts);
    RETURN shape;
END $$;

-- Every save of a shape comes through here, so what is not like almost everything is left to another.
-- A question to a table is an IF of its own: with it, even a comparison becomes a query.
CREATE FUNCTION plan.judge_shape() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF public.ST_SRID(new.geom) OPERATOR(pg_catalog.=) 4326
        AND public.ST_NDims(new.geom) OPERATOR(pg_catalog.=) 2
        AND public.GeometryType(new.geom) OPERATOR(pg_catalog.=) ANY (tg_argv)
        AND public.ST_IsValid(new.geom)
    THEN
        IF EXISTS (SELECT FROM plan.city_pieces
            WHERE geom OPERATOR(public.~) new.geom AND is_square)
        THEN
            RETURN new;
        ELSIF EXISTS (SELECT FROM plan.city_pieces
            WHERE public.ST_Covers(geom, new.geom) AND NOT is_square)
        THEN
            RETURN new;
        END IF;
    END IF;
    new.geom := plan.sound(new.geom, tg_argv, tg_table_name, new);
    RETURN new;
END $$;

-- --- what a kind of row has of its own -----------------------------------------------------------

CREATE FUNCTION plan.judge_capacity() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    rule plan.rules;
    stall_m2 jsonb := new.attributes -> 'stall_m2';
    area_m2 float;
BEGIN
    IF plan.is_publishing() THEN
        RETURN new;
    ELSIF new.capacity <= 0 THEN
        RETURN plan.refuse('capacity_sign', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', new.capacity));
    ELSIF stall_m2 IS NOT NULL
        AND (jsonb_typeof(stall_m2) <> 'number' OR stall_m2 < '0.1' OR stall_m2 > '10000')
    THEN
        RETURN plan.refuse('stall_m2', tg_table_name, to_jsonb(new), NULL, '{}');
    END IF;
    SELECT * INTO rule FROM plan.rules AS known WHERE known.rule = 'capacity_room';
    stall_m2 := coalesce(stall_m2, to_jsonb(rule.area_m2));
    area_m2 := ST_Area(new.geom::geography);
    IF rule.is_on AND new.capacity * stall_m2::float > area_m2 THEN
        RETURN plan.refuse('capacity', tg_table_name, to_jsonb(new), ST_PointOnSurface(new.geom),
            jsonb_build_object('is', new.capacity, 'fits', floor(area_m2 / stall_m2::float),
                'area', round(area_m2::numeric), 'stall', stall_m2));
    END IF;
    RETURN new;
END $$;

CREATE FUNCTION plan.reads_season(season text, blank text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    months text[] := '{Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec}';
    lengths integer[] := '{31,29,31,30,31,30,31,31,30,31,30,31}';
    found text[] := regexp_match(season, '^([A-Z][a-z]{2})(?: ([0-9]+))?(?:' || blank || '*-'
        || blank || '*([A-Z][a-z]{2})?(?: ?([0-9]+))?)?$');
BEGIN
    RETURN coalesce(found[2]::integer, 1) BETWEEN 1 AND lengths[array_position(months, found[1])]
        AND coalesce(found[4]::integer, 1)
        BETWEEN 1 AND lengths[array_position(months, coalesce(found[3], found[1]))];
END $$;

-- Whether days are in order, and whether they are all of the week with the holidays.
CREATE FUNCTION plan.reads_days(days text, OUT in_order boolean, OUT are_all boolean)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    week text[] := '{Mo,Tu,We,Th,Fr,Sa,Su}';
BEGIN
    in_order := days !~ 'PH-|-PH';
    are_all := in_order AND days ~ 'PH' AND 7 = (
        SELECT count(DISTINCT day % 7) FROM regexp_split_to_table(days, ',') AS part,
            LATERAL (SELECT array_position(week, left(part, 2)) AS first,
                array_position(week, right(part, 2)) AS last) AS ends,
            generate_series(first, last + CASE WHEN last < first THEN 7 ELSE 0 END) AS day);
END $$;

CREATE FUNCTION plan.reads_times(times text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT coalesce(bool_and(t[2]::integer < 60 AND t[4]::integer < 60 AND opens < 1440
        AND closes <= 2880 AND closes <= opens + 1440), true)
    FROM regexp_matches(times, '([0-9]+):([0-9]+)[^0-9]+([0-9]+):([0-9]+)', 'g') AS t,
        LATERAL (SELECT t[1]::integer * 60 + t[2]::integer AS opens,
            t[3]::integer * 60 + t[4]::integer AS closes) AS span
$$;

-- Whether `geo.hours` can read a text: its own patterns, loaded by `tidegrid migrate`, and the rest
-- of its rules. A property test holds the two equal.
CREATE FUNCTION plan.reads_hours(hours text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    rule text;
    additional text;
    blank text;
    ends text;
    part text;
    found text[];
    days record;
    opens boolean;
    holidays_closed boolean := false;
BEGIN
    SELECT max(pattern) FILTER (WHERE name = 'hours_rule'),
        max(pattern) FILTER (WHERE name = 'hours_additional'),
        max(pattern) FILTER (WHERE name = 'hours_blank') INTO rule, additional, blank
        FROM plan.patterns;
    ends := '^' || blank || '+|' || blank || '+$';
    IF regexp_replace(hours, ends, '', 'g') = '' THEN
        RETURN false;
    END IF;
    FOR part IN
        SELECT one FROM regexp_split_to_table(hours, ';') WITH ORDINALITY AS r (written, i),
            LATERAL regexp_replace(written, ends, '', 'g') AS replacing,
            regexp_split_to_table(replacing, additional) WITH ORDINALITY AS a (one, j)
            WHERE replacing <> '' ORDER BY i, j
    LOOP
        found := regexp_match(regexp_replace(part, ends, '', 'g'), '^(?:' || rule || ')$');
        days := plan.reads_days(regexp_replace(found[2], blank, '', 'g'));
        IF found IS NULL OR num_nonnulls(VARIADIC found) = 0
            OR NOT plan.reads_season(found[1], blank) OR NOT days.in_order
            OR NOT plan.reads_times(found[3])
        THEN
            RETURN false;
        END IF;
        opens := found[3] IS NULL OR found[3] NOT IN ('off', 'closed');
        -- Without days, a rule that names no times is about holidays as well.
        IF coalesce(found[2] ~ 'PH', NOT opens OR coalesce(found[3], '24/7') = '24/7')
            AND (opens OR found[2] IS NOT NULL AND NOT days.are_all) AND (holidays_closed OR NOT opens)
        THEN
            IF found[1] IS NOT NULL THEN
                RETURN false;
            END IF;
            holidays_closed := NOT opens;
        END IF;
    END LOOP;
    RETURN true;
END $$;

CREATE FUNCTION plan.judge_hours() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT plan.is_publishing() AND NOT plan.reads_hours(new.hours) THEN
        RETURN plan.refuse('hours', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', new.hours));
    END IF;
    RETURN new;
END $$;

-- --- afterwards: history, and what the check has to look at --------------------------------------

-- Changes of one polygon fit into a page: squeezing them costs more than it saves.
ALTER TABLE city.history SET (toast_tuple_target = 8160);

-- Shapes are kept as the database writes them, not as GeoJSON: exact, and made in a tenth of the time.
-- Names, operators too, are written in full in place of a search_path, which is dear at every save.
CREATE FUNCTION plan.keep_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    shape public.geometry;
    before pg_catalog.jsonb;
    after pg_catalog.jsonb;
    kept bigint;
BEGIN
    IF tg_op OPERATOR(pg_catalog.<>) 'INSERT' THEN
        shape := old.geom;
        old.geom := NULL;
        before := pg_catalog.jsonb_set(pg_catalog.to_jsonb(old), '{geom}',
            pg_catalog.to_jsonb(shape::pg_catalog.text));
    END IF;
    IF tg_op OPERATOR(pg_catalog.<>) 'DELETE' THEN
        shape := new.geom;
        new.geom := NULL;
        after := pg_catalog.jsonb_set(pg_catalog.to_jsonb(new), '{geom}',
            pg_catalog.to_jsonb(shape::pg_catalog.text));
    END IF;
    INSERT INTO city.history (table_name, row_id, action, before, after)
        VALUES (pg_catalog.concat('plan.', tg_table_name), coalesce(new.id, old.id), tg_op,
            before, after)
        RETURNING id INTO kept;
    INSERT INTO plan.dirty (change) VALUES (kept);
    RETURN NULL;
END $$;

-- --- findings: some are settled by a person, since no check can take them back ---------------------

CREATE FUNCTION plan.is_public(features text[]) RETURNS boolean
LANGUAGE sql STABLE
RETURN NOT EXISTS (SELECT FROM city.kinds AS k JOIN unnest(features) AS f (feature)
    ON k.slug = split_part(feature, ':', 1) WHERE NOT k.is_public);

-- A policy alone would pass over the rows that have to stay: QGIS would say that it has saved, and they
-- would be back at the next refresh.
CREATE FUNCTION plan.judge_settling() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF row_security_active(tg_relid) AND pg_has_role('tidegrid_planner', 'USAGE') THEN
        RETURN plan.refuse('finding_stays', 'findings', jsonb_build_object('kind',
                rtrim(CASE WHEN plan.speaks_english() THEN old.words_en ELSE old.words_zh END, '。.')),
            NULL, '{}');
    END IF;
    RETURN old;
END $$;
CREATE TRIGGER judge_settling BEFORE DELETE ON plan.findings FOR EACH ROW
    WHEN (old.rule NOT IN ('overwritten', 'publication_failed'))
    EXECUTE FUNCTION plan.judge_settling();

-- --- the triggers: judged in the order of their names, and only what has changed -------------------

DO $$
DECLARE
    layer text;
    judged record;
    event text;
    gaps jsonb;
    lengths jsonb;
    states text := '''normal'', ''damaged'', ''lost'', ''suspended'', ''closed''';
BEGIN
    FOREACH layer IN ARRAY ARRAY['areas', 'stall_zones', 'stalls', 'facilities'] LOOP
        FOR judged IN SELECT * FROM (VALUES
            ('2_shape', 'areas', 'judge_shape(''MULTIPOLYGON'')', '{geom}'),
            ('2_shape', 'stall_zones', 'judge_shape(''MULTIPOLYGON'')', '{geom}'),
            ('2_shape', 'stalls', 'judge_shape(''POINT'')', '{geom}'),
            ('2_shape', 'facilities', 'judge_shape(''POINT'', ''POLYGON'', ''MULTIPOLYGON'')', '{geom}'),
            ('3_kind', 'areas', 'judge_kind(''area'')', '{kind}'),
            ('3_kind', 'stall_zones', 'judge_kind(''stall_zone'')', '{kind}'),
            ('3_kind', 'facilities', 'judge_kind(''facility'')', '{kind}'),
            ('4_code', 'areas', 'judge_code()', '{kind, code}'),
            ('4_code', 'stall_zones', 'judge_code()', '{code}'),
            ('4_code', 'facilities', 'judge_code()', '{kind, code}'),
            ('4_code', 'stalls', 'judge_code()', '{zone_code, number}'),
            ('5_capacity', 'stall_zones', 'judge_capacity()', '{capacity, attributes, geom}'),
            ('6_hours', 'stall_zones', 'judge_hours()', '{hours}'),
            ('6_hours', 'facilities', 'judge_hours()', '{hours}'),
            ('7_state', 'stalls', 'judge_state(' || states || ')', '{state}'),
            ('7_state', 'facilities', 'judge_state(' || states || ')', '{state}')
        ) AS v (name, on_layer, calls, columns) WHERE on_layer = layer LOOP
            EXECUTE format('CREATE TRIGGER judge_%s_insert BEFORE INSERT ON plan.%I '
                'FOR EACH ROW EXECUTE FUNCTION plan.%s', judged.name, layer, judged.calls);
            -- Of columns that an update does not name, not even the comparison is made.
            EXECUTE format('CREATE TRIGGER judge_%s_update BEFORE UPDATE OF %s ON plan.%I '
                'FOR EACH ROW WHEN (%s) EXECUTE FUNCTION plan.%s', judged.name,
                array_to_string(judged.columns::text[], ', '), layer,
                (SELECT string_agg(format('old.%1$I IS DISTINCT FROM new.%1$I', c), ' OR ')
                    FROM unnest(judged.columns::text[]) AS c), judged.calls);
        END LOOP;
        SELECT jsonb_object_agg(attname, CASE
                WHEN atttypid = 'text[]'::regtype THEN '[]' WHEN atttypid = 'jsonb'::regtype THEN '{}'
                WHEN attname = 'state' THEN '"normal"' ELSE '""' END::jsonb) INTO gaps
            FROM pg_attribute WHERE attrelid = ('plan.' || layer)::regclass AND attnum > 0
            AND attnotnull AND attgenerated = ''
            AND (atthasdef AND atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
                AND attname <> 'edited_by' OR attname = 'name');
        EXECUTE format('CREATE TRIGGER judge_0_gaps BEFORE INSERT OR UPDATE OF %s ON plan.%I '
            'FOR EACH ROW WHEN (%s) EXECUTE FUNCTION plan.fill_gaps(%L)',
            (SELECT string_agg(quote_ident(key), ', ') FROM jsonb_each(gaps)), layer,
            (SELECT string_agg(format('new.%I IS NULL', key), ' OR ') FROM jsonb_each(gaps)), gaps);
        -- Texts and lists, but for those that have a rule of their own.
        SELECT jsonb_object_agg(attname, CASE WHEN attname IN ('rules', 'how_to_apply') THEN 4000
                WHEN attname = 'hours' THEN 1000 WHEN attname IN ('address', 'fee') THEN 500
                WHEN atttypid = 'text[]'::regtype THEN 100 ELSE 200 END) INTO lengths
            FROM pg_attribute WHERE attrelid = ('plan.' || layer)::regclass AND attnum > 0
            AND attgenerated = '' AND NOT attisdropped
            AND atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
            AND attname NOT IN ('kind', 'code', 'zone_code', 'number', 'state', 'edited_by');
        EXECUTE format('CREATE TRIGGER judge_1_values_insert BEFORE INSERT ON plan.%I '
            'FOR EACH ROW EXECUTE FUNCTION plan.judge_values(%L)', layer, lengths);
        EXECUTE format('CREATE TRIGGER judge_1_values_update BEFORE UPDATE OF %s ON plan.%I '
            'FOR EACH ROW WHEN (%s) EXECUTE FUNCTION plan.judge_values(%L)',
            (SELECT string_agg(quote_ident(key), ', ') FROM jsonb_each(lengths)), layer,
            (SELECT string_agg(format('old.%1$I IS DISTINCT FROM new.%1$I', key), ' OR ')
                FROM jsonb_each(lengths)), lengths);
        EXECUTE format('CREATE TRIGGER judge_1_others BEFORE UPDATE ON plan.%I FOR EACH ROW WHEN ('
            'new.base_version IS DISTINCT FROM old.row_version) '
            'EXECUTE FUNCTION plan.mind_others()', layer);
        EXECUTE format('CREATE TRIGGER judge_1_version BEFORE INSERT OR UPDATE ON plan.%I '
            'FOR EACH ROW EXECUTE FUNCTION plan.stamp()', layer);
        EXECUTE format('CREATE TRIGGER judge_1_version_delete BEFORE DELETE ON plan.%I '
            'FOR EACH ROW WHEN (NOT plan.is_giving_up()) EXECUTE FUNCTION plan.part_with()', layer);
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
            EXECUTE format('DROP TRIGGER history_%s ON plan.%I', event, layer);
        END LOOP;
        EXECUTE format('CREATE TRIGGER keep_change AFTER INSERT OR UPDATE OR DELETE ON plan.%I '
            'FOR EACH ROW EXECUTE FUNCTION plan.keep_change()', layer);
    END LOOP;
END $$;
DO $$
DECLARE in_schema text;
BEGIN
    FOREACH in_schema IN ARRAY ARRAY['city', 'plan'] LOOP
        EXECUTE format('CREATE TRIGGER cut_city_insert AFTER INSERT ON %I.areas FOR EACH ROW '
            'WHEN (new.kind = ''city'') EXECUTE FUNCTION plan.cut_city()', in_schema);
        EXECUTE format('CREATE TRIGGER cut_city_update AFTER UPDATE ON %I.areas FOR EACH ROW '
            'WHEN (old.kind = ''city'' OR new.kind = ''city'') EXECUTE FUNCTION plan.cut_city()',
            in_schema);
        EXECUTE format('CREATE TRIGGER cut_city_delete AFTER DELETE ON %I.areas FOR EACH ROW '
            'WHEN (old.kind = ''city'') EXECUTE FUNCTION plan.cut_city()', in_schema);
    END LOOP;
END $$;
INSERT INTO plan.city_pieces (geom, is_square)
    SELECT cut.* FROM plan.areas, plan.city_cut(geom) AS cut WHERE kind = 'city';
CREATE TRIGGER stamp_rule BEFORE INSERT OR UPDATE ON plan.rules
    FOR EACH ROW EXECUTE FUNCTION plan.stamp_rule();
CREATE TRIGGER judge_rule BEFORE INSERT OR UPDATE ON plan.rules FOR EACH ROW
    WHEN (new.rule IN ('overwritten', 'publication_failed')
        AND (NOT new.is_on OR new.severity = 'notice'))
    EXECUTE FUNCTION plan.judge_rule();
CREATE TRIGGER keep_decision AFTER UPDATE ON plan.rules FOR EACH ROW
    WHEN ((old.severity, old.is_on, old.distance_m, old.area_m2)
        IS DISTINCT FROM (new.severity, new.is_on, new.distance_m, new.area_m2))
    EXECUTE FUNCTION plan.keep_decision();
CREATE TRIGGER judge_lost BEFORE DELETE ON plan.findings FOR EACH ROW
    WHEN (old.lost_by <> session_user) EXECUTE FUNCTION plan.judge_lost();
-- What a check found, a check takes back; what people settle is kept.
CREATE TRIGGER keep_decision AFTER DELETE ON plan.findings FOR EACH ROW
    WHEN (old.rule IN ('overwritten', 'publication_failed')) EXECUTE FUNCTION plan.keep_decision();

-- What planners may know of history: changes of the plan, its rules, what was settled; of facilities those
-- whose kinds they see. With the rights of its owner, for history holds more than that.
CREATE VIEW plan.history WITH (security_barrier) AS
    SELECT h.id AS change, split_part(h.table_name, '.', 2) AS layer, h.row_id,
        CASE h.table_name WHEN 'plan.rules' THEN h.after ->> 'rule'
            WHEN 'plan.findings' THEN h.before ->> 'key'
            ELSE plan.id_of(split_part(h.table_name, '.', 2), coalesce(h.after, h.before)) END
            AS feature,
        h.action, h.changed_by, h.changed_at, h.application, h.before, h.after
    FROM city.history AS h
    WHERE h.table_name IN ('plan.areas', 'plan.stall_zones', 'plan.stalls', 'plan.facilities',
        'plan.rules', 'plan.findings')
    AND NOT EXISTS (
        SELECT FROM (VALUES (h.before), (h.after)) AS side (r), jsonb_array_elements_text(
            CASE h.table_name WHEN 'plan.findings' THEN coalesce(r -> 'features', '[]')
                WHEN 'plan.facilities' THEN jsonb_build_array(r -> 'kind') ELSE '[]' END) AS f (feature)
        WHERE r IS NOT NULL AND EXISTS (SELECT FROM city.kinds AS k
            WHERE k.slug = split_part(feature, ':', 1) AND NOT k.is_public));
GRANT SELECT ON plan.history TO tidegrid_planner, tidegrid_service;
GRANT EXECUTE ON FUNCTION plan.id_of(text, jsonb) TO tidegrid_planner, tidegrid_service;

-- --- rights --------------------------------------------------------------------------------------

-- No function is everybody's (data/closing.py). Triggers run for whoever saves; what they call must
-- be that person's, unless they act for the owner.
GRANT EXECUTE ON FUNCTION city.actor(), plan.is_publishing(), plan.is_giving_up(),
    plan.speaks_english(), plan.is_public(text[]), plan.filled(text, jsonb),
    plan.brief(text), plan.odd_attributes(jsonb),
    plan.named(text, jsonb, boolean), plan.refuse(text, text, jsonb, geometry, jsonb),
    plan.wait_for_code(text), plan.brought(geometry, text[]),
    plan.sound(geometry, text[], text, record), plan.reads_season(text, text),
    plan.reads_days(text), plan.reads_times(text), plan.reads_hours(text) TO tidegrid_planner;
-- Tiles are asked as the public.
GRANT EXECUTE ON FUNCTION city.place_of(geometry), city.map_x(geometry), city.map_y(geometry)
    TO tidegrid_public, tidegrid_service;
GRANT USAGE ON SEQUENCE plan.areas_id_seq, plan.stall_zones_id_seq, plan.stalls_id_seq,
    plan.facilities_id_seq TO tidegrid_planner;
GRANT SELECT ON plan.rules, plan.messages, plan.patterns, plan.findings, plan.dirty,
    plan.city_pieces TO tidegrid_service;
GRANT SELECT ON plan.rules, plan.messages, plan.patterns, plan.findings, plan.city_pieces
    TO tidegrid_planner;
-- Planners set what a rule allows; they neither add rules nor write findings, but settle some.
GRANT UPDATE (severity, is_on, distance_m, area_m2) ON plan.rules TO tidegrid_planner;
GRANT DELETE ON plan.findings TO tidegrid_planner;
ALTER TABLE plan.findings ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_sees_all ON plan.findings FOR SELECT TO tidegrid_service USING (true);
CREATE POLICY public_kinds ON plan.findings FOR SELECT TO tidegrid_planner
    USING (plan.is_public(features));
CREATE POLICY settled_by_hand ON plan.findings FOR DELETE TO tidegrid_planner
    USING (plan.is_public(features));
