DROP VIEW plan.history;
DROP FUNCTION plan.fill_gaps() CASCADE;
DROP FUNCTION plan.stamp() CASCADE;
DROP FUNCTION plan.mind_others() CASCADE;
DROP FUNCTION plan.part_with() CASCADE;
DROP FUNCTION plan.judge_values() CASCADE;
DROP FUNCTION plan.judge_kind() CASCADE;
DROP FUNCTION plan.judge_code() CASCADE;
DROP FUNCTION plan.wait_for_code(text);
DROP FUNCTION plan.judge_state() CASCADE;
DROP FUNCTION plan.judge_shape() CASCADE;
DROP FUNCTION plan.judge_capacity() CASCADE;
DROP FUNCTION plan.judge_hours() CASCADE;
DROP FUNCTION plan.keep_change() CASCADE;
DROP FUNCTION plan.cut_city() CASCADE;
DROP FUNCTION plan.stamp_rule() CASCADE;
DROP FUNCTION plan.judge_settling() CASCADE;
DROP FUNCTION plan.is_public(text[]) CASCADE;
DROP FUNCTION plan.judge_rule() CASCADE;
DROP FUNCTION plan.judge_lost() CASCADE;
DROP FUNCTION plan.keep_decision() CASCADE;
DROP FUNCTION plan.reads_hours(text), plan.reads_times(text), plan.reads_season(text, text);
DROP FUNCTION plan.reads_days(text);
DROP FUNCTION plan.sound(geometry, text[], text, record), plan.city_cut(geometry);
DROP FUNCTION plan.outside_city(geometry), plan.brought(geometry, text[]);
DROP FUNCTION plan.changed_since(bigint, text, bigint);
DROP FUNCTION plan.first_version(text, bigint), plan.write_over(text, bigint, jsonb);
DROP FUNCTION plan.is_giving_up();
DROP FUNCTION plan.tell_overwritten(text, text, bigint, text[]);
DROP FUNCTION plan.tell_lost(text, text, city.history);
DROP FUNCTION plan.is_published(text, jsonb), plan.id_of(text, jsonb);
DROP FUNCTION plan.refuse(text, text, jsonb, geometry, jsonb);
DROP FUNCTION plan.named(text, jsonb, boolean), plan.filled(text, jsonb);
DROP FUNCTION plan.brief(text), plan.odd_attributes(jsonb);
DROP FUNCTION plan.speaks_english(), plan.is_publishing();

-- History goes on as it did before.
DO $$
DECLARE layer text; event text; tables text;
BEGIN
    FOREACH layer IN ARRAY ARRAY['areas', 'stall_zones', 'stalls', 'facilities'] LOOP
        FOREACH event IN ARRAY ARRAY['INSERT', 'UPDATE', 'DELETE'] LOOP
            tables := CASE event
                WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS changed_new'
                WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS changed_old'
                ELSE 'REFERENCING OLD TABLE AS changed_old NEW TABLE AS changed_new' END;
            EXECUTE format('CREATE TRIGGER history_%s AFTER %s ON plan.%I %s '
                'EXECUTE FUNCTION city.keep_history()', lower(event), event, layer, tables);
        END LOOP;
    END LOOP;
END $$;
ALTER TABLE city.history RESET (toast_tuple_target);
ALTER TABLE city.history ALTER changed_by SET DEFAULT session_user;
COMMENT ON COLUMN city.history.changed_by IS '操作人 · which login';
DROP FUNCTION city.actor();
REVOKE ALL ON FUNCTION city.place_of(geometry), city.map_x(geometry), city.map_y(geometry)
    FROM tidegrid_public, tidegrid_service;
GRANT EXECUTE ON FUNCTION city.place_of(geometry), city.map_x(geometry), city.map_y(geometry)
    TO PUBLIC;
REVOKE USAGE ON SEQUENCE plan.areas_id_seq, plan.stall_zones_id_seq, plan.stalls_id_seq,
    plan.facilities_id_seq FROM tidegrid_planner;
