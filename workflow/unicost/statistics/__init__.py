"""Inference on the cost of unification: rates, penalties, pooled estimates and the audit of claims.

``stages`` holds what the workflow calls. Two kinds of evidence answer the same questions: counts from published tables
(``count_evidence``) and items of an experiment (``item_evidence``).
"""
