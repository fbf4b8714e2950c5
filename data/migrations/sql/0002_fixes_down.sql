DROP TRIGGER clock_insert ON city.tokens;
DROP TRIGGER clock_update ON city.tokens;
DROP TRIGGER clock_delete ON city.tokens;
DROP FUNCTION city.keep_fixes(integer);
DROP SEQUENCE city.fix_batches;
