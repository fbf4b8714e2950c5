REVOKE ALL ON ALL TABLES IN SCHEMA city, plan FROM tidegrid_service, tidegrid_public, tidegrid_planner;
REVOKE ALL ON SCHEMA city, plan FROM tidegrid_service, tidegrid_public, tidegrid_planner;
