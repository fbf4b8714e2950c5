-- The triggers: judged in the order of their names, and only what has changed.

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
