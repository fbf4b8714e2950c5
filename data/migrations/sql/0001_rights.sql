-- Default closed: a role can do what is written here and nothing else.
GRANT USAGE ON SCHEMA city TO tidegrid_service, tidegrid_public, tidegrid_planner;
GRANT USAGE ON SCHEMA plan TO tidegrid_planner, tidegrid_service;

-- The service reads all, and writes only what lives: positions and readings.
GRANT SELECT ON ALL TABLES IN SCHEMA city, plan TO tidegrid_service;
GRANT INSERT, UPDATE, DELETE ON city.positions, city.readings TO tidegrid_service;

-- The public and planners: open lists.
GRANT SELECT ON city.kinds, city.code_lists, city.calendar_days, city.calendar_years,
    city.schedules, city.overrides, city.layers, city.readings, city.areas, city.stalls,
    city.facilities, city.alembic_version TO tidegrid_public, tidegrid_planner;
-- Stall zones without the manager's phone.
GRANT SELECT (id, kind, code, name, name_en, family, capacity, goods, address, rules, fee, manager,
    geom, attributes, schedule_id, generation, valid) ON city.stall_zones TO tidegrid_public;
GRANT SELECT ON city.stall_zones, city.generations TO tidegrid_planner;

-- Planners edit the plan.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA plan TO tidegrid_planner;

-- Rows of kinds that are not public do not exist for the public, nor for planners: cameras above
-- all. The owner is not bound by these; the service has a policy that lets it see all.
DO $$
DECLARE named text;
BEGIN
    FOREACH named IN ARRAY ARRAY['areas', 'stall_zones', 'facilities'] LOOP
        EXECUTE format('ALTER TABLE city.%I ENABLE ROW LEVEL SECURITY', named);
        EXECUTE format('CREATE POLICY service_sees_all ON city.%I FOR SELECT TO tidegrid_service '
            'USING (true)', named);
        EXECUTE format('CREATE POLICY public_kinds ON city.%1$I FOR SELECT '
            'TO tidegrid_public, tidegrid_planner USING (kind IN (SELECT k.slug FROM city.kinds k '
            'WHERE k.family = %2$L AND k.is_public))', named,
            CASE named WHEN 'areas' THEN 'area' WHEN 'stall_zones' THEN 'stall_zone'
                ELSE 'facility' END);
    END LOOP;
END $$;
-- Nor in the plan: planners neither see nor make what is not public.
ALTER TABLE plan.facilities ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_sees_all ON plan.facilities FOR SELECT TO tidegrid_service USING (true);
CREATE POLICY public_kinds ON plan.facilities TO tidegrid_planner
    USING (kind IN (SELECT k.slug FROM city.kinds k WHERE k.family = 'facility' AND k.is_public))
    WITH CHECK (kind IN
        (SELECT k.slug FROM city.kinds k WHERE k.family = 'facility' AND k.is_public));
ALTER TABLE city.stalls ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_sees_all ON city.stalls FOR SELECT TO tidegrid_service USING (true);
CREATE POLICY public_kinds ON city.stalls FOR SELECT TO tidegrid_public, tidegrid_planner
    USING (zone_code IN (SELECT z.code FROM city.stall_zones z));
ALTER TABLE city.overrides ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_sees_all ON city.overrides FOR SELECT TO tidegrid_service USING (true);
CREATE POLICY public_kinds ON city.overrides FOR SELECT TO tidegrid_public, tidegrid_planner
    USING ((family, kind) IN (SELECT k.family, k.slug FROM city.kinds k WHERE k.is_public));
ALTER TABLE city.readings ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_all ON city.readings TO tidegrid_service USING (true) WITH CHECK (true);
CREATE POLICY public_kinds ON city.readings FOR SELECT TO tidegrid_public, tidegrid_planner
    USING ((split_part(target, ':', 1), split_part(target, ':', 2)) IN
        (SELECT k.family, k.slug FROM city.kinds k WHERE k.is_public));
