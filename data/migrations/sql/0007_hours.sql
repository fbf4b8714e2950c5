-- Capacity, and whether opening hours can be read.

CREATE FUNCTION plan.judge_capacity() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    rule plan.rules;
    stall_m2 jsonb := new.attributes -> 'stall_m2';
    area_m2 float;
BEGIN
    IF plan.is_publishing() THEN
        RETURN new;
    ELSIF new.capacity <= 0 THEN
        RETURN plan.refuse('capacity_sign', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', new.capacity));
    ELSIF stall_m2 IS NOT NULL
        AND (jsonb_typeof(stall_m2) <> 'number' OR stall_m2 < '0.1' OR stall_m2 > '10000')
    THEN
        RETURN plan.refuse('stall_m2', tg_table_name, to_jsonb(new), NULL, '{}');
    END IF;
    SELECT * INTO rule FROM plan.rules AS known WHERE known.rule = 'capacity_room';
    stall_m2 := coalesce(stall_m2, to_jsonb(rule.area_m2));
    area_m2 := ST_Area(new.geom::geography);
    IF rule.is_on AND new.capacity * stall_m2::float > area_m2 THEN
        RETURN plan.refuse('capacity', tg_table_name, to_jsonb(new), ST_PointOnSurface(new.geom),
            jsonb_build_object('is', new.capacity, 'fits', floor(area_m2 / stall_m2::float),
                'area', round(area_m2::numeric), 'stall', stall_m2));
    END IF;
    RETURN new;
END $$;

CREATE FUNCTION plan.reads_season(season text, blank text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    months text[] := '{Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec}';
    lengths integer[] := '{31,29,31,30,31,30,31,31,30,31,30,31}';
    found text[] := regexp_match(season, '^([A-Z][a-z]{2})(?: ([0-9]+))?(?:' || blank || '*-'
        || blank || '*([A-Z][a-z]{2})?(?: ?([0-9]+))?)?$');
BEGIN
    RETURN coalesce(found[2]::integer, 1) BETWEEN 1 AND lengths[array_position(months, found[1])]
        AND coalesce(found[4]::integer, 1)
        BETWEEN 1 AND lengths[array_position(months, coalesce(found[3], found[1]))];
END $$;

-- Whether days are in order, and whether they are all of the week with the holidays.
CREATE FUNCTION plan.reads_days(days text, OUT in_order boolean, OUT are_all boolean)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    week text[] := '{Mo,Tu,We,Th,Fr,Sa,Su}';
BEGIN
    in_order := days !~ 'PH-|-PH';
    are_all := in_order AND days ~ 'PH' AND 7 = (
        SELECT count(DISTINCT day % 7) FROM regexp_split_to_table(days, ',') AS part,
            LATERAL (SELECT array_position(week, left(part, 2)) AS first,
                array_position(week, right(part, 2)) AS last) AS ends,
            generate_series(first, last + CASE WHEN last < first THEN 7 ELSE 0 END) AS day);
END $$;

CREATE FUNCTION plan.reads_times(times text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT coalesce(bool_and(t[2]::integer < 60 AND t[4]::integer < 60 AND opens < 1440
        AND closes <= 2880 AND closes <= opens + 1440), true)
    FROM regexp_matches(times, '([0-9]+):([0-9]+)[^0-9]+([0-9]+):([0-9]+)', 'g') AS t,
        LATERAL (SELECT t[1]::integer * 60 + t[2]::integer AS opens,
            t[3]::integer * 60 + t[4]::integer AS closes) AS span
$$;

-- Whether `geo.hours` can read a text: its own patterns, loaded by `tidegrid migrate`, and the rest
-- of its rules. A property test holds the two equal.
CREATE FUNCTION plan.reads_hours(hours text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    rule text;
    additional text;
    blank text;
    ends text;
    part text;
    found text[];
    days record;
    opens boolean;
    holidays_closed boolean := false;
BEGIN
    SELECT max(pattern) FILTER (WHERE name = 'hours_rule'),
        max(pattern) FILTER (WHERE name = 'hours_additional'),
        max(pattern) FILTER (WHERE name = 'hours_blank') INTO rule, additional, blank
        FROM plan.patterns;
    ends := '^' || blank || '+|' || blank || '+$';
    IF regexp_replace(hours, ends, '', 'g') = '' THEN
        RETURN false;
    END IF;
    FOR part IN
        SELECT one FROM regexp_split_to_table(hours, ';') WITH ORDINALITY AS r (written, i),
            LATERAL regexp_replace(written, ends, '', 'g') AS replacing,
            regexp_split_to_table(replacing, additional) WITH ORDINALITY AS a (one, j)
            WHERE replacing <> '' ORDER BY i, j
    LOOP
        found := regexp_match(regexp_replace(part, ends, '', 'g'), '^(?:' || rule || ')$');
        days := plan.reads_days(regexp_replace(found[2], blank, '', 'g'));
        IF found IS NULL OR num_nonnulls(VARIADIC found) = 0
            OR NOT plan.reads_season(found[1], blank) OR NOT days.in_order
            OR NOT plan.reads_times(found[3])
        THEN
            RETURN false;
        END IF;
        opens := found[3] IS NULL OR found[3] NOT IN ('off', 'closed');
        -- Without days, a rule that names no times is about holidays as well.
        IF coalesce(found[2] ~ 'PH', NOT opens OR coalesce(found[3], '24/7') = '24/7')
            AND (opens OR found[2] IS NOT NULL AND NOT days.are_all) AND (holidays_closed OR NOT opens)
        THEN
            IF found[1] IS NOT NULL THEN
                RETURN false;
            END IF;
            holidays_closed := NOT opens;
        END IF;
    END LOOP;
    RETURN true;
END $$;

CREATE FUNCTION plan.judge_hours() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT plan.is_publishing() AND NOT plan.reads_hours(new.hours) THEN
        RETURN plan.refuse('hours', tg_table_name, to_jsonb(new), NULL,
            jsonb_build_object('is', new.hours));
    END IF;
    RETURN new;
END $$;
