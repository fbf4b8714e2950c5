"""The memory: PostGIS schema, migrations, queries, import and export, the demo city."""
