"""The project that planners open in QGIS, as XML of our own: no QGIS is needed to make it."""
