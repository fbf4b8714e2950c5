-- Shapes: brought to the column's type, sound, and inside the city.

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
