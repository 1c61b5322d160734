"""Where plans run. Only this package and `records` speak to DuckDB."""
