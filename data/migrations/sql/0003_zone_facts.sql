-- The public reads stall zones column by column, so that the manager's phone stays inside; a new
-- column is closed to it until it is named here.
GRANT SELECT (goods_banned, how_to_apply, duty_phone) ON city.stall_zones TO tidegrid_public;
