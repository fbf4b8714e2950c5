-- A plan is judged, frozen and published in one transaction on one snapshot; these functions write,
-- so that the service may publish and still has no right of its own to touch what is published.

-- What planners edited and nobody has published: all columns of both tables compared, which finds it
-- whoever wrote, by whatever way. Facilities that planners cannot see are not theirs to change.
DO $$
DECLARE
    own text[] := ARRAY['id', 'family', 'row_version', 'base_version', 'edited_by', 'edited_at'];
    layer record;
    parts text[];
BEGIN
    FOR layer IN SELECT * FROM (VALUES
        ('areas', 'kind, code', false, 'true'), ('stall_zones', 'code', true, 'true'),
        ('stalls', 'zone_code, number', false, 'true'),
        ('facilities', 'kind, code', true, 'kind IN (SELECT slug FROM city.kinds '
            'WHERE family = ''facility'' AND is_public)')
    ) AS v (name, key, has_hours, mine) LOOP
        parts := parts || (SELECT format(
            'SELECT %1$L::text AS layer, %2$s AS feature, CASE WHEN c.id IS NULL THEN ''added'' '
            'WHEN p.id IS NULL THEN ''withdrawn'' ELSE ''changed'' END AS change, '
            'p.id AS draft_id, p.row_version AS draft_version, p.edited_by, p.edited_at, '
            'c.id AS base_id FROM (SELECT * FROM plan.%1$I WHERE %3$s) AS p FULL JOIN (SELECT c.*%4$s '
            'FROM city.%1$I AS c %5$s WHERE upper_inf(valid) AND %3$s) AS c USING (%6$s) '
            'WHERE p.id IS NULL OR c.id IS NULL OR (%7$s) IS DISTINCT FROM (%8$s)',
            layer.name,
            CASE layer.name WHEN 'stalls' THEN '''stall:'' || zone_code || ''/'' || number'
                WHEN 'stall_zones' THEN 'coalesce(p.kind, c.kind) || '':'' || code'
                ELSE 'kind || '':'' || code' END,
            layer.mine,
            CASE WHEN layer.has_hours THEN ', s.hours' END,
            CASE WHEN layer.has_hours
                THEN 'LEFT JOIN city.schedules AS s ON s.id = c.schedule_id' END,
            layer.key,
            string_agg('p.' || quote_ident(attname), ', ' ORDER BY attnum),
            string_agg('c.' || quote_ident(attname), ', ' ORDER BY attnum))
            FROM pg_attribute WHERE attrelid = ('plan.' || layer.name)::regclass AND attnum > 0
            AND NOT attisdropped AND attname <> ALL (own));
    END LOOP;
    EXECUTE 'CREATE VIEW plan.differences AS ' || array_to_string(parts, ' UNION ALL ');
END $$;

-- What publications that wait for their date hold.
CREATE VIEW plan.waiting AS
    SELECT f.publication, p.takes_effect_at, f.layer, f.feature, f.change, f.base_id, f.draft_id,
        f.draft_version
    FROM plan.publication_features AS f JOIN plan.publications AS p ON p.id = f.publication
    WHERE p.state = 'waiting';

-- The same as the differences, and whether a publication that waits for its date has it already.
CREATE VIEW plan.changes AS
    SELECT d.*, w.publication FROM plan.differences AS d LEFT JOIN plan.waiting AS w
        ON w.layer = d.layer AND w.feature = d.feature
        AND w.change = d.change AND w.base_id IS NOT DISTINCT FROM d.base_id
        AND w.draft_version IS NOT DISTINCT FROM d.draft_version;

-- By what two edits are of one feature: its name, of stall zones whatever the kind, and its draft.
CREATE FUNCTION plan.marks_of(layer text, feature text, draft_id bigint) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY[CASE layer WHEN 'stall_zones' THEN substr(feature, strpos(feature, ':')) ELSE feature END,
    'draft ' || draft_id];

-- Differences of which a publication that waits holds the same feature: just this, or an older edit.
CREATE VIEW plan.held AS
    SELECT DISTINCT d.layer, d.feature, w.publication, w.takes_effect_at,
        d.publication IS NOT NULL AS is_just_this
    FROM plan.changes AS d, LATERAL unnest(plan.marks_of(d.layer, d.feature, d.draft_id)) AS mark
    JOIN (SELECT w.*, mark FROM plan.waiting AS w,
            LATERAL unnest(plan.marks_of(w.layer, w.feature, w.draft_id)) AS mark) AS w
        USING (mark)
    WHERE w.layer = d.layer;

-- Every published row, now or before: where it lies and what its changes are judged under.
CREATE VIEW plan.rows_shown AS
    SELECT 'areas' AS layer, id, kind, code, geom FROM city.areas
    UNION ALL SELECT 'stall_zones', id, kind, code, geom FROM city.stall_zones
    UNION ALL SELECT 'stalls', id, 'stall', zone_code, geom FROM city.stalls
    UNION ALL SELECT 'facilities', id, kind, code, geom FROM city.facilities;

-- What a row shows, without its shape: columns that both tables have, and the hours in words.
CREATE FUNCTION plan.record_of(r jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN r - ARRAY['id', 'family', 'row_version', 'base_version', 'edited_by', 'edited_at', 'generation',
    'valid', 'schedule_id', 'geom'];

-- The published zone that a draft was before it got another code, and the change that gave it one.
-- History tells: the first to leave a code since a zone was published under it is that zone.
CREATE FUNCTION plan.former_zone(draft bigint) RETURNS TABLE (id bigint, change bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.id, h.id FROM city.history AS h
        JOIN city.stall_zones AS c ON c.code = h.before ->> 'code' AND upper_inf(c.valid)
        JOIN city.generations AS g ON g.id = c.generation AND g.published_at <= h.changed_at
    WHERE h.table_name = 'plan.stall_zones' AND h.row_id = draft
        AND h.before ->> 'code' <> h.after ->> 'code'
    ORDER BY h.id LIMIT 1
$$;

-- Freezes all that is not published yet; NULL when that is nothing.
CREATE FUNCTION plan.freeze(by text, note text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    frozen bigint;
    layer text;
    total bigint := 0;
    of_layer bigint;
BEGIN
    INSERT INTO plan.publications (made_by, note, takes_effect_at) VALUES (by, note, at)
        RETURNING id INTO frozen;
    FOREACH layer IN ARRAY ARRAY['areas', 'stall_zones', 'stalls', 'facilities'] LOOP
        EXECUTE format('INSERT INTO plan.publication_features '
            'SELECT $1, d.layer, d.feature, d.change, d.base_id, d.draft_id, d.draft_version, NULL, '
            'plan.record_of(to_jsonb(p)), p.geom FROM plan.changes AS d '
            'LEFT JOIN plan.%1$I AS p ON p.id = d.draft_id '
            'WHERE d.layer = %1$L AND d.publication IS NULL', layer) USING frozen;
        GET DIAGNOSTICS of_layer = ROW_COUNT;
        total := total + of_layer;
    END LOOP;
    IF total = 0 THEN
        DELETE FROM plan.publications WHERE id = frozen;
        RETURN NULL;
    END IF;
    UPDATE plan.publication_features AS f SET former_id = was.id FROM (
            SELECT DISTINCT ON (r.id) r.id, z.draft_id FROM plan.publication_features AS z,
                LATERAL plan.former_zone(z.draft_id) AS r
            WHERE z.publication = frozen AND z.layer = 'stall_zones' ORDER BY r.id, r.change
        ) AS was
        WHERE f.publication = frozen AND f.layer = 'stall_zones' AND f.draft_id = was.draft_id
        AND f.base_id IS DISTINCT FROM was.id;
    RETURN frozen;
END $$;

-- Features of a publication whose published row is not the one that it was judged against.
CREATE FUNCTION plan.overtaken(asked bigint) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    layer record;
BEGIN
    FOR layer IN SELECT * FROM (VALUES ('areas', 'c.kind = r.kind AND c.code = r.code'),
        ('stall_zones', 'c.code = r.code'),
        ('stalls', 'c.zone_code = r.zone_code AND c.number = r.number'),
        ('facilities', 'c.kind = r.kind AND c.code = r.code')) AS v (name, same)
    LOOP
        RETURN QUERY EXECUTE format('SELECT f.feature FROM plan.publication_features AS f '
            'WHERE f.publication = $1 AND f.layer = %1$L AND CASE WHEN f.base_id IS NULL '
            'THEN EXISTS (SELECT FROM jsonb_populate_record(NULL::city.%1$I, f.record) AS r '
            'JOIN city.%1$I AS c ON %2$s WHERE upper_inf(c.valid)) '
            'ELSE NOT EXISTS (SELECT FROM city.%1$I AS c WHERE c.id = f.base_id '
            'AND upper_inf(c.valid)) END', layer.name, layer.same) USING asked;
    END LOOP;
END $$;

-- What did not take effect is told where planners look, until somebody settles it: `because` is a
-- message, `which` what it names. Call it while the publication still holds its features.
CREATE FUNCTION plan.tell_failed(asked bigint, because text, which text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    rule plan.rules;
    said plan.messages;
    parts jsonb;
BEGIN
    SELECT * INTO rule FROM plan.rules AS known WHERE known.rule = 'publication_failed';
    IF NOT coalesce(rule.is_on, false) THEN
        RETURN;
    END IF;
    SELECT * INTO STRICT said FROM plan.messages WHERE key = because;
    SELECT jsonb_build_object('number', id, 'note', note, 'which', which, 'when',
            to_char(takes_effect_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'))
        INTO STRICT parts FROM plan.publications WHERE id = asked;
    INSERT INTO plan.findings (key, rule, severity, layer, features, place, shape,
        words_zh, words_en, hint_zh, hint_en)
    SELECT rule.rule || ':' || asked, rule.rule, rule.severity, held.layer, held.features,
        ST_Centroid(held.box), held.box, plan.filled(said.zh, parts), plan.filled(said.en, parts),
        plan.filled(said.hint_zh, parts), plan.filled(said.hint_en, parts)
    FROM (
        SELECT min(f.layer) AS layer, array_agg(f.feature ORDER BY f.layer, f.feature) AS features,
            ST_SetSRID(ST_Extent(coalesce(f.geom, shown.geom))::geometry, 4326) AS box
        FROM plan.publication_features AS f LEFT JOIN plan.rows_shown AS shown
            ON shown.layer = f.layer AND shown.id = f.base_id
        WHERE f.publication = asked
    ) AS held;
END $$;

-- Dated exceptions go by kind and code: they follow a zone that gets others, and a zone that takes
-- those of another does not inherit them. A zone that is brought back by undoing has its own again.
CREATE FUNCTION plan.carry_overrides(asked bigint, made bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH zones AS (
        SELECT f.*, f.record ->> 'kind' AS kind, f.record ->> 'code' AS code
        FROM plan.publication_features AS f
        WHERE f.publication = asked AND f.layer = 'stall_zones' AND f.record IS NOT NULL
    ), carried AS MATERIALIZED (
        SELECT was.kind AS from_kind, was.code AS from_code, z.kind, z.code
        FROM zones AS z JOIN city.stall_zones AS was ON was.id = coalesce(z.former_id, z.base_id)
        WHERE z.former_id IS NOT NULL OR z.base_id NOT IN (
            SELECT former_id FROM zones WHERE former_id IS NOT NULL)
    ), traced AS (
        INSERT INTO city.lineage (generation, kind, from_code, to_code, share)
            SELECT made, kind, from_code, code, 1 FROM carried WHERE from_code <> code
    ), dropped AS (
        DELETE FROM city.overrides AS o USING zones AS z
            WHERE o.family = 'stall_zone' AND o.kind = z.kind AND o.code = z.code
            AND (z.former_id IS NOT NULL OR z.base_id IS NULL AND z.draft_id IS NOT NULL)
            AND NOT EXISTS (SELECT FROM carried AS c
                WHERE c.from_kind = o.kind AND c.from_code = o.code)
    )
    UPDATE city.overrides AS o SET kind = c.kind, code = c.code FROM carried AS c
        WHERE o.family = 'stall_zone' AND o.kind = c.from_kind AND o.code = c.from_code
        AND (o.kind, o.code) <> (c.kind, c.code)
$$;

-- Publishes what was frozen, as one generation that holds from its date on, or from now: a row that
-- changes is closed and a new one opened. The caller has locked out other publishers.
CREATE FUNCTION plan.take_effect(asked bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    publication plan.publications;
    made bigint;
    instant timestamptz;
    layer text;
    columns text;
    hours text;
BEGIN
    SELECT * INTO STRICT publication FROM plan.publications WHERE id = asked AND state = 'waiting';
    instant := coalesce(publication.takes_effect_at, clock_timestamp());
    -- Its instant tells what a publication changed: two for one midnight are a moment apart.
    WHILE EXISTS (SELECT FROM city.generations WHERE published_at = instant) LOOP
        instant := instant + interval '1 microsecond';
    END LOOP;
    INSERT INTO city.generations (published_at, published_by, note)
        VALUES (instant, publication.made_by, publication.note) RETURNING id INTO made;
    INSERT INTO city.schedules (hours)
        SELECT DISTINCT record ->> 'hours' FROM plan.publication_features
        WHERE publication_features.publication = asked AND record ->> 'hours' IS NOT NULL
        ON CONFLICT DO NOTHING;
    FOREACH layer IN ARRAY ARRAY['areas', 'stall_zones', 'stalls', 'facilities'] LOOP
        SELECT string_agg(quote_ident(p.attname), ', ') INTO columns FROM pg_attribute AS p
            JOIN pg_attribute AS c ON c.attname = p.attname
                AND c.attrelid = ('city.' || layer)::regclass
            WHERE p.attrelid = ('plan.' || layer)::regclass AND p.attnum > 0 AND p.attgenerated = ''
            AND p.attname NOT IN ('id', 'geom');
        hours := CASE WHEN layer IN ('stall_zones', 'facilities') THEN ', schedule_id' ELSE '' END;
        EXECUTE format('UPDATE city.%1$I AS c SET valid = tstzrange(lower(c.valid), $2) '
            'FROM plan.publication_features AS f WHERE f.publication = $1 AND f.layer = %1$L '
            'AND c.id = f.base_id', layer) USING asked, instant;
        -- Hours that stay keep the time zone that they were published with.
        EXECUTE format('INSERT INTO city.%1$I (%2$s%3$s, geom, generation, valid) SELECT %4$s%5$s, '
            'f.geom, $2, tstzrange($3, NULL) FROM plan.publication_features AS f '
            'CROSS JOIN LATERAL jsonb_populate_record(NULL::city.%1$I, f.record) AS r %6$s '
            'WHERE f.publication = $1 AND f.layer = %1$L AND f.record IS NOT NULL',
            layer, columns, hours, 'r.' || replace(columns, ', ', ', r.'),
            CASE WHEN hours <> '' THEN ', coalesce(kept.id, s.id)' ELSE '' END,
            CASE WHEN hours <> '' THEN format('LEFT JOIN city.schedules AS s '
                'ON s.hours = f.record ->> ''hours'' '
                'AND s.time_zone = coalesce(f.record ->> ''time_zone'', ''Asia/Shanghai'') '
                'LEFT JOIN city.%I AS base ON base.id = f.base_id LEFT JOIN city.schedules AS kept '
                'ON kept.id = base.schedule_id AND kept.hours = f.record ->> ''hours'' '
                'AND NOT f.record ? ''time_zone''', layer)
                ELSE '' END)
            USING asked, made, instant;
    END LOOP;
    PERFORM plan.trace_areas(made, instant);
    PERFORM plan.carry_overrides(asked, made);
    UPDATE plan.publications SET state = 'done', generation = made WHERE id = asked;
    DELETE FROM plan.publication_features WHERE publication_features.publication = asked;
    RETURN made;
END $$;

-- Which areas became which: pairs of what was closed and what was opened that share ground, where a
-- part of it went to another code. Less than a hundredth is a border that was drawn better.
CREATE FUNCTION plan.trace_areas(made bigint, instant timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH pairs AS MATERIALIZED (
        SELECT old.kind, old.code AS from_code, new.code AS to_code,
            ST_Area(ST_Intersection(old.geom, new.geom)::geography)
            / nullif(ST_Area(old.geom::geography), 0) AS share,
            ST_Area(ST_Intersection(old.geom, new.geom)::geography)
            / nullif(ST_Area(new.geom::geography), 0) AS of_new
        FROM city.areas AS old JOIN city.areas AS new ON new.kind = old.kind AND old.geom && new.geom
        JOIN city.kinds AS k ON k.family = 'area' AND k.slug = old.kind AND k.is_exclusive
        WHERE upper(old.valid) = instant AND new.generation = made
    ), told AS (SELECT * FROM pairs WHERE share >= 0.01 OR of_new >= 0.01),
    moved AS (SELECT kind, from_code, to_code FROM told WHERE from_code <> to_code)
    INSERT INTO city.lineage (generation, kind, from_code, to_code, share)
        SELECT made, kind, from_code, to_code, least(share, 1) FROM told AS t
        WHERE share > 0 AND (from_code <> to_code OR EXISTS (SELECT FROM moved AS m
            WHERE m.kind = t.kind AND t.from_code IN (m.from_code, m.to_code)))
$$;

-- Brings drafts back to what is published: all, or those that are given as 'layer kind:code', but for
-- features that wait for their date: the next publication would undo what they become then. To lose
-- edits is what was asked for, so nothing is told as overwritten. A row that got another name is both
-- added and withdrawn: it goes back as one, whichever of the two is named, and keeps its number.
CREATE FUNCTION plan.discard(asked text[]) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    in_layer text;
    columns text;
    shown text;
    joined text;
    added bigint[];
    drafts bigint[];
    bases bigint[];
    withdrawn bigint[];
    named text[];
    waiting text[];
BEGIN
    PERFORM set_config('tidegrid.publishing', 'on', true), set_config('tidegrid.giving_up', 'on', true);
    FOREACH in_layer IN ARRAY ARRAY['areas', 'stall_zones', 'stalls', 'facilities'] LOOP
        SELECT coalesce(array_agg(mark), '{}') INTO waiting FROM plan.waiting AS w,
            LATERAL unnest(plan.marks_of(w.layer, w.feature, w.draft_id)) AS mark
            WHERE w.layer = in_layer AND mark IS NOT NULL;
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
            string_agg(CASE attname WHEN 'hours' THEN 's.' ELSE 'c.' END || quote_ident(attname), ', '
                ORDER BY attnum) INTO columns, shown
            FROM pg_attribute WHERE attrelid = ('plan.' || in_layer)::regclass AND attnum > 0
            AND attgenerated = '' AND NOT attisdropped
            AND attname NOT IN ('id', 'row_version', 'base_version', 'edited_by', 'edited_at');
        joined := CASE WHEN in_layer IN ('stall_zones', 'facilities')
            THEN 'LEFT JOIN city.schedules AS s ON s.id = c.schedule_id' ELSE '' END;
        WITH d AS MATERIALIZED (SELECT * FROM plan.differences AS d WHERE d.layer = in_layer
            AND NOT plan.marks_of(d.layer, d.feature, d.draft_id) && waiting),
        renamed AS MATERIALIZED (
            SELECT DISTINCT ON (w.base_id) a.draft_id, w.base_id, a.feature AS now, w.feature AS was
            FROM d AS a JOIN city.history AS h ON h.table_name = 'plan.' || in_layer
                AND h.row_id = a.draft_id AND h.action = 'UPDATE'
            JOIN d AS w ON w.change = 'withdrawn' AND w.feature = plan.id_of(in_layer, h.before)
            WHERE a.change = 'added' ORDER BY w.base_id, h.id DESC
        ), told AS (
            SELECT d.*, r.draft_id AS renamed_id, r.base_id AS renamed_from
            FROM d LEFT JOIN renamed AS r ON d.feature IN (r.now, r.was)
            WHERE asked IS NULL OR in_layer || ' ' || d.feature = ANY (asked)
            OR in_layer || ' ' || r.now = ANY (asked) OR in_layer || ' ' || r.was = ANY (asked)
        )
        SELECT array_agg(t.draft_id) FILTER (WHERE t.change = 'added' AND t.renamed_id IS NULL),
            array_agg(coalesce(t.renamed_id, t.draft_id) ORDER BY t.feature) FILTER (
                WHERE t.change = 'changed' OR t.change = 'added' AND t.renamed_id IS NOT NULL),
            array_agg(coalesce(t.renamed_from, t.base_id) ORDER BY t.feature) FILTER (
                WHERE t.change = 'changed' OR t.change = 'added' AND t.renamed_id IS NOT NULL),
            array_agg(t.base_id) FILTER (WHERE t.change = 'withdrawn' AND t.renamed_id IS NULL),
            array_agg(t.feature)
            INTO added, drafts, bases, withdrawn, named FROM told AS t;
        EXECUTE format('DELETE FROM plan.%I WHERE id = ANY ($1)', in_layer) USING added;
        EXECUTE format('SELECT plan.write_over(%1$L, back.draft, to_jsonb(c) '
            '|| jsonb_build_object(''geom'', c.geom::text %2$s)) FROM unnest($1, $2) '
            'AS back (draft, base) JOIN city.%1$I AS c ON c.id = back.base %3$s', in_layer,
            CASE WHEN joined <> '' THEN ', ''hours'', s.hours' ELSE '' END, joined)
            USING drafts, bases;
        EXECUTE format('INSERT INTO plan.%1$I (%2$s) SELECT %3$s FROM city.%1$I AS c %4$s '
            'WHERE c.id = ANY ($1)', in_layer, columns, shown, joined) USING withdrawn;
        RETURN QUERY SELECT in_layer || ' ' || f FROM unnest(named) AS f;
    END LOOP;
    PERFORM set_config('tidegrid.publishing', 'off', true), set_config('tidegrid.giving_up', 'off', true);
END $$;

-- What undoing a publication would write: each feature as it was before, and the published row that
-- is there now in place of the one that it wrote.
CREATE FUNCTION plan.undoing(undone bigint) RETURNS TABLE (layer text, feature text, change text,
    before_id bigint, base_id bigint, now_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    v record;
BEGIN
    FOR v IN SELECT * FROM (VALUES ('areas', 'kind, code', 'kind || '':'' || code', 'true'),
        ('stall_zones', 'code', 'coalesce(a.kind, b.kind) || '':'' || code', 'true'),
        ('stalls', 'zone_code, number', '''stall:'' || zone_code || ''/'' || number', 'true'),
        ('facilities', 'kind, code', 'kind || '':'' || code', 'kind IN (SELECT slug FROM city.kinds '
            'WHERE family = ''facility'' AND is_public)')) AS v (name, key, named, mine)
    LOOP
        RETURN QUERY EXECUTE format('SELECT %1$L, %3$s, CASE WHEN b.id IS NULL THEN ''withdrawn'' '
            'WHEN a.id IS NULL THEN ''added'' ELSE ''changed'' END, b.id, a.id, c.id '
            'FROM (SELECT * FROM city.%1$I WHERE generation = $1 AND %4$s) AS a '
            'FULL JOIN (SELECT * FROM city.%1$I WHERE upper(valid) = '
            '(SELECT published_at FROM city.generations WHERE id = $1) AND %4$s) AS b USING (%2$s) '
            'LEFT JOIN (SELECT id, %2$s FROM city.%1$I WHERE upper_inf(valid)) AS c USING (%2$s)',
            v.name, v.key, v.named, v.mine) USING undone;
    END LOOP;
END $$;

-- Freezes the state before a publication, of the features that nobody changed since.
CREATE FUNCTION plan.freeze_undoing(undone bigint, by text, note text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    frozen bigint;
    in_layer text;
    shown text;
BEGIN
    INSERT INTO plan.publications (made_by, note) VALUES (by, note) RETURNING id INTO frozen;
    FOREACH in_layer IN ARRAY ARRAY['areas', 'stall_zones', 'stalls', 'facilities'] LOOP
        shown := CASE WHEN in_layer IN ('stall_zones', 'facilities') THEN '|| (SELECT jsonb_build_object('
            '''hours'', max(s.hours), ''time_zone'', max(s.time_zone)) FROM city.schedules AS s '
            'WHERE s.id = b.schedule_id)' ELSE '' END;
        EXECUTE format('INSERT INTO plan.publication_features (publication, layer, feature, change, '
            'base_id, record, geom) SELECT $1, u.layer, u.feature, u.change, u.base_id, '
            'plan.record_of(to_jsonb(b)) %2$s, b.geom FROM plan.undoing($2) AS u '
            'LEFT JOIN city.%1$I AS b ON b.id = u.before_id '
            'WHERE u.layer = %1$L AND u.base_id IS NOT DISTINCT FROM u.now_id', in_layer, shown)
            USING frozen, undone;
    END LOOP;
    -- A zone that got another code is the one that goes now.
    UPDATE plan.publication_features AS f SET former_id = gone.base_id
        FROM city.lineage AS l JOIN plan.publication_features AS gone ON gone.publication = frozen
            AND gone.layer = 'stall_zones' AND gone.base_id IS NOT NULL
        JOIN city.stall_zones AS z ON z.id = gone.base_id AND z.kind = l.kind AND z.code = l.to_code
        WHERE l.generation = undone AND f.publication = frozen AND f.layer = 'stall_zones'
        AND f.record ->> 'code' = l.from_code;
    RETURN frozen;
END $$;

-- Moves the border of an area on top of what was judged, so that nobody's edit is lost by it.
CREATE FUNCTION plan.move_border(moved_kind text, moved_code text, shape geometry) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT plan.write_over('areas', id, jsonb_build_object('geom', shape::text)) FROM plan.areas
        WHERE kind = moved_kind AND code = moved_code
$$;

-- --- rights ---------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION plan.freeze(text, text, timestamptz), plan.overtaken(bigint),
    plan.take_effect(bigint), plan.trace_areas(bigint, timestamptz),
    plan.carry_overrides(bigint, bigint), plan.former_zone(bigint), plan.discard(text[]),
    plan.undoing(bigint), plan.freeze_undoing(bigint, text, text),
    plan.move_border(text, text, geometry) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plan.freeze(text, text, timestamptz), plan.overtaken(bigint),
    plan.take_effect(bigint), plan.former_zone(bigint), plan.discard(text[]), plan.undoing(bigint),
    plan.freeze_undoing(bigint, text, text), plan.move_border(text, text, geometry)
    TO tidegrid_service;
GRANT EXECUTE ON FUNCTION plan.record_of(jsonb), plan.marks_of(text, text, bigint),
    plan.tell_failed(bigint, text, text), plan.filled(text, jsonb) TO tidegrid_service;
GRANT SELECT ON plan.checks, plan.publications, plan.publication_features, plan.differences,
    plan.changes, plan.waiting, plan.held, plan.rows_shown, city.lineage TO tidegrid_service;
-- Checks are the service's own work: it writes what it found, and no word of the plan itself.
GRANT INSERT, UPDATE ON plan.checks TO tidegrid_service;
GRANT UPDATE (state, reason) ON plan.publications TO tidegrid_service;
GRANT DELETE ON plan.publication_features TO tidegrid_service;
GRANT DELETE ON plan.dirty TO tidegrid_service;
GRANT INSERT, UPDATE, DELETE ON plan.findings TO tidegrid_service;
CREATE POLICY service_writes ON plan.findings TO tidegrid_service USING (true) WITH CHECK (true);
