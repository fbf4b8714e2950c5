-- One clock: a statement that changes a published layer raises its revision and tells listeners
-- which layer, which revision, and the box that changed. NOTIFY is delivered at commit, so nobody
-- hears of a change that did not happen.
CREATE FUNCTION city.raise_clock(layer text, box box2d) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE risen bigint;
BEGIN
    INSERT INTO city.layers AS l (name, revision, changed_at) VALUES (layer, 1, now())
        ON CONFLICT (name) DO UPDATE SET revision = l.revision + 1, changed_at = now()
        RETURNING revision INTO risen;
    PERFORM pg_notify('tidegrid', json_build_object(
        'layer', layer, 'revision', risen,
        'bbox', CASE WHEN box IS NULL THEN NULL ELSE
            json_build_array(st_xmin(box), st_ymin(box), st_xmax(box), st_ymax(box)) END)::text);
END $$;

-- Transition tables carry the names changed_old and changed_new where the event has them; a
-- statement that touched no row raises nothing.
CREATE FUNCTION city.tick_spatial() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE box box2d; touched bigint;
BEGIN
    IF tg_op = 'INSERT' THEN
        SELECT count(*), st_extent(geom) INTO touched, box FROM changed_new;
    ELSIF tg_op = 'DELETE' THEN
        SELECT count(*), st_extent(geom) INTO touched, box FROM changed_old;
    ELSE
        SELECT count(*), st_extent(geom) INTO touched, box
            FROM (SELECT geom FROM changed_old UNION ALL SELECT geom FROM changed_new) AS both_sides;
    END IF;
    IF touched > 0 THEN
        PERFORM city.raise_clock(tg_table_name, box);
    END IF;
    RETURN NULL;
END $$;

-- Anybody who may log in can listen: the box of a camera would tell where it stands.
CREATE FUNCTION city.tick_facilities() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE box box2d; touched bigint;
BEGIN
    IF tg_op = 'INSERT' THEN
        SELECT count(*), st_extent(geom) FILTER (WHERE is_public) INTO touched, box
            FROM changed_new JOIN city.kinds USING (family) WHERE slug = kind;
    ELSIF tg_op = 'DELETE' THEN
        SELECT count(*), st_extent(geom) FILTER (WHERE is_public) INTO touched, box
            FROM changed_old JOIN city.kinds USING (family) WHERE slug = kind;
    ELSE
        SELECT count(*), st_extent(geom) FILTER (WHERE is_public) INTO touched, box
            FROM (SELECT family, kind, geom FROM changed_old
                UNION ALL SELECT family, kind, geom FROM changed_new) AS both_sides
            JOIN city.kinds USING (family) WHERE slug = kind;
    END IF;
    IF touched > 0 THEN
        PERFORM city.raise_clock(tg_table_name, box);
    END IF;
    RETURN NULL;
END $$;

-- For tables without geometry; the layer that they belong to is the argument.
CREATE FUNCTION city.tick_plain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE touched bigint;
BEGIN
    IF tg_op = 'DELETE' THEN
        SELECT count(*) INTO touched FROM changed_old;
    ELSE
        SELECT count(*) INTO touched FROM changed_new;
    END IF;
    IF touched > 0 THEN
        PERFORM city.raise_clock(tg_argv[0], NULL);
    END IF;
    RETURN NULL;
END $$;

-- Every row change, with the row before and after, who and from which program.
CREATE FUNCTION city.keep_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE named text := tg_table_schema || '.' || tg_table_name;
BEGIN
    IF tg_op = 'INSERT' THEN
        INSERT INTO city.history (table_name, row_id, action, after)
            SELECT named, id, tg_op, to_jsonb(n) FROM changed_new AS n;
    ELSIF tg_op = 'DELETE' THEN
        INSERT INTO city.history (table_name, row_id, action, before)
            SELECT named, id, tg_op, to_jsonb(o) FROM changed_old AS o;
    ELSE
        INSERT INTO city.history (table_name, row_id, action, before, after)
            SELECT named, n.id, tg_op, to_jsonb(o), to_jsonb(n)
            FROM changed_new AS n LEFT JOIN changed_old AS o USING (id);
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    watched record;
    event text;
    tables text;
BEGIN
    FOR watched IN SELECT * FROM (VALUES
        ('city', 'areas', 'tick_spatial()', true), ('city', 'stall_zones', 'tick_spatial()', true),
        ('city', 'stalls', 'tick_spatial()', true), ('city', 'facilities', 'tick_facilities()', true),
        ('city', 'kinds', 'tick_plain(''kinds'')', false),
        ('city', 'overrides', 'tick_plain(''overrides'')', true),
        ('city', 'calendar_days', 'tick_plain(''calendar'')', false),
        ('city', 'calendar_years', 'tick_plain(''calendar'')', false),
        ('city', 'officers', 'tick_plain(''officers'')', false),
        ('city', 'assignments', 'tick_plain(''officers'')', true),
        ('city', 'shifts', 'tick_plain(''officers'')', true),
        ('plan', 'areas', NULL, true), ('plan', 'stall_zones', NULL, true),
        ('plan', 'stalls', NULL, true), ('plan', 'facilities', NULL, true)
    ) AS w (in_schema, name, tick, keeps_history) LOOP
        FOREACH event IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
            tables := CASE event
                WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS changed_new'
                WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS changed_old'
                ELSE 'REFERENCING OLD TABLE AS changed_old NEW TABLE AS changed_new' END;
            IF watched.tick IS NOT NULL THEN
                EXECUTE format('CREATE TRIGGER clock_%s AFTER %s ON %I.%I %s EXECUTE FUNCTION city.%s',
                    lower(event), event, watched.in_schema, watched.name, tables, watched.tick);
            END IF;
            IF watched.keeps_history THEN
                EXECUTE format('CREATE TRIGGER history_%s AFTER %s ON %I.%I %s '
                    'EXECUTE FUNCTION city.keep_history()',
                    lower(event), event, watched.in_schema, watched.name, tables);
            END IF;
        END LOOP;
    END LOOP;
END $$;
