"""From a benchmark source to ``benchmark.parquet``."""
