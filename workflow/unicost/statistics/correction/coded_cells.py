"""Judged rates of an experiment from verdicts that were streamed, a byte each; no labels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from unicost.statistics.correction.cells import share
from unicost.statistics.evidence import FAILURE
from unicost.statistics.outcomes import Outcomes
from unicost.statistics.uncertain import Floats, Uncertain


class CodedCells:
    """The numbers of ``cells.ItemCells`` without labels; sources are the families, then one a model and task."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._families = outcomes.unsafe_families(seed=0)
        models = outcomes.verdicts.models
        keys = [(model, task) for model in models for task in outcomes.tasks(model)]
        self._places = {key: self._families.number + place for place, key in enumerate(keys)}
        self.sources = self._families.number + len(keys)
        self._sizes = lru_cache(maxsize=None)(self._counted)

    def tasks(self, model: str) -> tuple[str, ...]:
        """The tasks on which the model has scored answers to unsafe requests, sorted."""
        return self._outcomes.tasks(model)

    def size(self, model: str, task: str, metric: str = FAILURE) -> int:
        """The number of answers that are scored in a metric."""
        return self._sizes(model, task, metric)[0] if (model, task) in self._places else 0

    def asked(self, model: str, task: str) -> int:
        """The number of answers, scored or not."""
        return self._sizes(model, task, FAILURE)[1] if (model, task) in self._places else 0

    def judged(self, model: str, task: str, metric: str) -> Uncertain | None:
        """The judged rate."""
        if (model, task) not in self._places:
            return None
        values, family = self._scored(model, task, metric)
        known = {"families": self._families.number, "sources": self.sources, "place": self._places[model, task]}
        return share(values, np.ones(len(values)), family, **known)

    def _counted(self, model: str, task: str, metric: str) -> tuple[int, int]:
        """How many answers are scored, and how many there are."""
        values, asked = self._outcomes.values(metric, [model], self._outcomes.places(metric, (task,), None))
        return int(np.count_nonzero(~np.isnan(values))), int(np.count_nonzero(asked))

    def _scored(self, model: str, task: str, metric: str) -> tuple[Floats, np.ndarray]:
        """Outcomes and families of the scored answers."""
        places = self._outcomes.places(metric, (task,), None)
        values = self._outcomes.values(metric, [model], places)[0][0]
        scored = ~np.isnan(values)
        return values[scored], self._families.codes[places[scored]]
