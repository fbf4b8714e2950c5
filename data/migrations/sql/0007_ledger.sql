-- What is kept of every change, and of what planners decide about rules and findings.

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
