-- How many facilities of each kind stand where, in squares of a few sizes, so that the tile of a
-- whole city is added up from thousands of squares instead of millions of facilities.

-- Where a facility is drawn, and to which square it belongs.
CREATE FUNCTION city.place_of(geom geometry) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN GeometryType(geom) = 'POINT' THEN geom ELSE ST_PointOnSurface(geom) END;

-- Web Mercator as whole numbers, 0 to 2^30 - 1 from west and from north: shifted to the right they
-- are the numbers of a tile, of a square, or of a dot in a tile. Whole, so that whoever asks gets
-- the same tile; the last line of the map belongs to the last tile.
CREATE FUNCTION city.map_x(place geometry) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(floor((ST_X(place) + 180) / 360 * 1073741824), 1073741823)::integer;

CREATE FUNCTION city.map_y(place geometry) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor((0.5 - atanh(sin(radians(least(greatest(ST_Y(place), -85.0511287), 85.0511287))))
    / (2 * pi())) * 1073741824)::integer;

-- The statement that adds facilities to the squares they stand in; `source` selects kind, geom and
-- n, which is 1 for one that came and -1 for one that went. In the order of the key.
CREATE FUNCTION city.counting(source text) RETURNS text
LANGUAGE sql IMMUTABLE RETURN replace($$
    WITH placed AS MATERIALIZED (
        SELECT kind, n, city.place_of(geom) AS place FROM (<source>) AS changed
    ), spots AS MATERIALIZED (
        SELECT kind, n, city.map_x(place) AS x, city.map_y(place) AS y FROM placed
    ), finest AS MATERIALIZED (
        SELECT kind, x >> 12 AS x, y >> 12 AS y, sum(n) AS n,
            sum(n * x::bigint)::bigint AS sum_x, sum(n * y::bigint)::bigint AS sum_y
        FROM spots GROUP BY 1, 2, 3
    )
    INSERT INTO city.facility_cells AS c (level, x, y, kind, n, sum_x, sum_y)
    SELECT level, x >> (18 - level), y >> (18 - level), kind, sum(n), sum(sum_x), sum(sum_y)
    FROM finest CROSS JOIN unnest(ARRAY[9, 12, 15, 18]) AS level
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 OR sum(sum_x) <> 0 OR sum(sum_y) <> 0
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (level, x, y, kind) DO UPDATE
        SET n = c.n + excluded.n, sum_x = c.sum_x + excluded.sum_x, sum_y = c.sum_y + excluded.sum_y
    $$, '<source>', source);

-- Rows that hold today, asked as all reading does; so nothing here changes by the passing of time.
-- Triggers fire by name: the clock's has locked its row by then, so two publishers stand in line
-- there, and cannot wait for each other's squares.
CREATE FUNCTION city.count_facilities() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    come text := 'SELECT kind, geom, 1 AS n FROM changed_new WHERE upper_inf(valid)';
    gone text := 'SELECT kind, geom, -1 AS n FROM changed_old WHERE upper_inf(valid)';
BEGIN
    EXECUTE city.counting(CASE tg_op WHEN 'INSERT' THEN come WHEN 'DELETE' THEN gone
        ELSE come || ' UNION ALL ' || gone END);
    RETURN NULL;
END $$;

-- From nothing: for rows that came in past the triggers, and for doubt. Returns how many squares.
CREATE FUNCTION city.recount_facilities() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE counted bigint;
BEGIN
    LOCK TABLE city.facilities IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM city.facility_cells;
    EXECUTE city.counting(
        'SELECT kind, geom, 1 AS n FROM city.facilities WHERE upper_inf(valid)');
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN counted;
END $$;
REVOKE ALL ON FUNCTION city.recount_facilities() FROM PUBLIC;

CREATE TRIGGER count_insert AFTER INSERT ON city.facilities
    REFERENCING NEW TABLE AS changed_new EXECUTE FUNCTION city.count_facilities();
CREATE TRIGGER count_update AFTER UPDATE ON city.facilities
    REFERENCING OLD TABLE AS changed_old NEW TABLE AS changed_new
    EXECUTE FUNCTION city.count_facilities();
CREATE TRIGGER count_delete AFTER DELETE ON city.facilities
    REFERENCING OLD TABLE AS changed_old EXECUTE FUNCTION city.count_facilities();

-- The public counts what it may see.
GRANT SELECT ON city.facility_cells TO tidegrid_service, tidegrid_public;
ALTER TABLE city.facility_cells ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_sees_all ON city.facility_cells FOR SELECT TO tidegrid_service USING (true);
CREATE POLICY public_kinds ON city.facility_cells FOR SELECT TO tidegrid_public
    USING (kind IN (SELECT k.slug FROM city.kinds k WHERE k.family = 'facility' AND k.is_public));

SELECT city.recount_facilities();
