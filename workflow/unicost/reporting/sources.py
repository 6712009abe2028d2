"""What the figures, tables and numbers of a study are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unicost.config import BenchmarkStudy, ExperimentStudy, Settings, read_yaml


@dataclass(frozen=True)
class Sources:
    """The folder of a study's statistics, and what only some studies have."""

    statistics: Path
    """Folder of the tables that the statistics wrote."""
    agreement: Path | None = None
    """Agreement of the judges with their reference (experiments)."""
    validation: Path | None = None
    """Agreement of judges and detectors with people (studies of judges against people)."""
    protocol: Mapping[str, Any] | None = None
    """The protocol of the study as plain data (``Protocol.model_dump(mode="json")``)."""
    recipes: Mapping[str, Any] | None = None
    """The training recipes of its arms that the protocol names, as plain data."""
    losses: Path | None = None
    """Smoothed loss curves of what the study trained."""
    calibration: Path | None = None
    """Calibration of the judges that state probabilities."""
    confidence: float = 0.95
    """The level of the study's intervals."""

    @property
    def kind(self) -> str:
        """The kind of study: only experiments have judges of their own, whose agreement was measured."""
        return "published" if self.agreement is None else "experiment"


def sources_of(study: str, settings: Settings, files: Iterable[str]) -> Sources:
    """The sources of a study among ``files``, the inputs of a rule that may be about several studies."""
    entry = settings.studies[study]
    paths = [Path(file) for file in files]
    own = [path for path in paths if path.parts[:2] == ("results", study)]
    protocol = entry.protocol if isinstance(entry, ExperimentStudy) else None
    return Sources(
        statistics=Path("results", study, "statistics"),
        agreement=next((path for path in own if path.name == "agreement.csv"), None),
        validation=next((path for path in own if path.name == "validation.csv"), None),
        protocol=settings.protocols[protocol].model_dump(mode="json") if protocol else None,
        recipes=read_yaml(Path(settings.protocols[protocol].recipes)) if protocol else None,
        losses=next((path for path in paths if path.name == "losses.csv"), None),
        calibration=next((path for path in own if path.name == "calibration.csv"), None),
        confidence=Sources.confidence if isinstance(entry, BenchmarkStudy) else entry.analysis.confidence,
    )
