"""Real data from files: read, checked row by row, converted to WGS 84, stored by code."""
