-- Triggers go with their tables.
DROP FUNCTION city.keep_history() CASCADE;
DROP FUNCTION city.tick_plain() CASCADE;
DROP FUNCTION city.tick_spatial() CASCADE;
DROP FUNCTION city.tick_facilities() CASCADE;
DROP FUNCTION city.raise_clock(text, box2d);
