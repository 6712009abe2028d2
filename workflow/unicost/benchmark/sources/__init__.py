"""Benchmarks that are read from files: one source a file, all over the same reading of rows and pictures."""
