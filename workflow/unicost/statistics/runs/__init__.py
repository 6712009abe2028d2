"""Comparison of two runs of one benchmark: ``unicost compare``."""
