DROP TRIGGER count_insert ON city.facilities;
DROP TRIGGER count_update ON city.facilities;
DROP TRIGGER count_delete ON city.facilities;
DROP FUNCTION city.count_facilities();
DROP FUNCTION city.recount_facilities();
DROP FUNCTION city.counting(text);
DROP FUNCTION city.map_x(geometry);
DROP FUNCTION city.map_y(geometry);
DROP FUNCTION city.place_of(geometry);
