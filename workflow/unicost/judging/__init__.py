"""Detectors, judges, the intention of a request, and the fusion of judgements into verdicts."""
