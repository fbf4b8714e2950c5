-- Who edited what, and on top of what: no edit is lost unseen.

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
