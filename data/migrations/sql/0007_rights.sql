-- What planners and the service may see, call and set.

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
