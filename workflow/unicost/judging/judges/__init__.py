"""Judges, one a file."""
