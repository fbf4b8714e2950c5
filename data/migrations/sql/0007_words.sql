-- What a single row of the plan can be judged on is judged at every save, whoever writes. What needs
-- other rows (gaps, overlaps) is not: QGIS saves a moved border as one row after another.

-- Publishing brings the plan in line with what was judged at another door, and only it may say so.
CREATE FUNCTION plan.is_publishing() RETURNS boolean
LANGUAGE sql STABLE
RETURN current_user = 'tidegrid_owner' AND current_setting('tidegrid.publishing', true) = 'on';

-- Who does this: a login, which nobody can choose. The service alone works for others, and says for
-- whom; what another login sets there is not looked at.
CREATE FUNCTION city.actor() RETURNS text
LANGUAGE sql STABLE
RETURN CASE WHEN coalesce(current_setting('tidegrid.token', true), '') <> ''
    AND pg_has_role(session_user, 'tidegrid_service', 'MEMBER')
    THEN 'token ' || current_setting('tidegrid.token') ELSE session_user::text END;
ALTER TABLE city.history ALTER changed_by SET DEFAULT city.actor();
COMMENT ON COLUMN city.history.changed_by IS
    '操作人 · which login; of the service, the token that it worked for';

-- What people and findings call a row.
CREATE FUNCTION plan.id_of(layer text, r jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN layer = 'stalls' THEN 'stall:' || (r ->> 'zone_code') || '/' || (r ->> 'number')
    ELSE (r ->> 'kind') || ':' || (r ->> 'code') END;

CREATE FUNCTION plan.speaks_english() RETURNS boolean
LANGUAGE sql STABLE
RETURN coalesce(current_setting('tidegrid.language', true), '') = 'en';

CREATE FUNCTION plan.filled(words text, parts jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE part record;
BEGIN
    FOR part IN SELECT key, coalesce(value, '') AS value FROM jsonb_each_text(parts) LOOP
        words := replace(words, '{' || part.key || '}', part.value);
    END LOOP;
    RETURN words;
END $$;

-- What somebody wrote, short enough for a message box.
CREATE FUNCTION plan.brief(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(words) > 60 THEN left(words, 60) || '…' ELSE words END;

-- The row as people know it: kind, code and name.
CREATE FUNCTION plan.named(layer text, r jsonb, english boolean) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT CASE
        WHEN layer = 'stalls' THEN concat_ws(' ', CASE WHEN english THEN 'Stall' ELSE '摊位' END,
            plan.brief(r ->> 'zone_code'), plan.brief(r ->> 'number'))
        ELSE concat_ws(' ',
            coalesce((SELECT CASE WHEN english THEN k.name_en ELSE k.name_zh END FROM city.kinds k
                WHERE k.family || 's' = replace(layer, 'ies', 'ys') AND k.slug = r ->> 'kind'),
                plan.brief(r ->> 'kind')),
            nullif(plan.brief(r ->> 'code'), ''),
            CASE WHEN english THEN '"' || nullif(plan.brief(r ->> 'name'), '') || '"'
                ELSE '“' || nullif(plan.brief(r ->> 'name'), '') || '”' END) END
$$;

-- The only place that refuses: one error with the row, the place, what is wrong, and the remedy. It
-- never returns; called as `RETURN plan.refuse(...)`, it leaves the fewest lines about itself.
CREATE FUNCTION plan.refuse(because text, layer text, r jsonb, place geometry, parts jsonb)
RETURNS record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public AS $$
DECLARE
    said plan.messages;
    english boolean := plan.speaks_english();
    spot text := '';
BEGIN
    SELECT * INTO STRICT said FROM plan.messages WHERE key = because;
    SELECT parts || coalesce(jsonb_object_agg(key, plan.brief(value)), '{}') INTO parts
        FROM jsonb_each_text(parts) WHERE key IN ('is', 'by');
    -- A place that is nowhere would print three hundred digits.
    IF greatest(abs(ST_X(place)), abs(ST_Y(place))) < 1e9 THEN
        spot := format(CASE WHEN english THEN ' (at %s, %s)' ELSE '（位置 %s, %s）' END,
            round(ST_X(place)::numeric, 6), round(ST_Y(place)::numeric, 6));
    END IF;
    RAISE EXCEPTION USING ERRCODE = said.sqlstate,
        MESSAGE = plan.named(layer, r, english) || CASE WHEN english THEN ': ' ELSE '：' END
            || plan.filled(CASE WHEN english THEN said.en ELSE said.zh END, parts) || spot,
        HINT = plan.filled(CASE WHEN english THEN said.hint_en ELSE said.hint_zh END, parts);
END $$;
