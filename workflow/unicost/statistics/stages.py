"""What the workflow calls: each function reads files, computes, and writes CSV files (see results/README.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from unicost.config import Analysis, Claim, Closeness, ModelEntry, Relation, Resampling
from unicost.records import Verdict
from unicost.statistics import capability as gating
from unicost.statistics import claims as auditing
from unicost.statistics import counts, panels, published_tables, utility
from unicost.statistics import penalty as penalties
from unicost.statistics import pooled as pooling
from unicost.statistics import rates as rating
from unicost.statistics import sensitivity as policies
from unicost.statistics.calibration import stated as stating
from unicost.statistics.calibration.table import calibration as calibration_table
from unicost.statistics.coded_verdicts import read_coded
from unicost.statistics.consistency import consistency
from unicost.statistics.correction.cells import CountCells
from unicost.statistics.correction.coded_cells import CodedCells
from unicost.statistics.count_evidence import CountEvidence
from unicost.statistics.findings import Findings
from unicost.statistics.gap_penalty import gap_penalty
from unicost.statistics.interactions.table import interactions
from unicost.statistics.item_evidence import ItemEvidence
from unicost.statistics.judge_accuracy import judge_accuracy
from unicost.statistics.lineages import base, lineage
from unicost.statistics.outcomes import Outcomes
from unicost.statistics.pooled_by_category import pooled_by_category
from unicost.statistics.power import power
from unicost.statistics.risk_ratio import with_risk_ratios
from unicost.store import read_table, write_csv

Models = Mapping[str, ModelEntry]


def tables(*, published: Path, known: Iterable[str], models: Models, analysis: Analysis, output: Path) -> None:
    """Everything that the published tables say directly.

    Writes counts, models, utility, capability (no rows), leaderboard, panel_generation, panel_understanding and
    judge_accuracy into the folder ``output``. ``known`` are all configured models: a name in the tables that is none
    of them is an error. Raises ``published_tables.BadTable``.
    """
    published_tables.check_models(published, list(known))
    results = published_tables.read_results(published, list(models))
    published_tables.check_sizes(published, results)
    use = published_tables.read_utility(published, list(models))
    board = published_tables.read_leaderboard(published, list(models))
    stated = results.dropna(subset="backbone")
    backbones = dict(zip(stated["model"], stated["backbone"]))
    write_csv(output / "counts.csv", counts.from_tables(results))
    write_csv(output / "models.csv", _models_table(models, backbones))
    write_csv(output / "utility.csv", utility.from_tables(use, models, analysis.common_tasks))
    write_csv(output / "capability.csv", pd.DataFrame(columns=gating.COLUMNS))
    write_csv(output / "leaderboard.csv", panels.leaderboard(results, board, list(models), analysis.common_tasks))
    write_csv(output / "panel_generation.csv", panels.panel_generation(results, use, models))
    write_csv(output / "panel_understanding.csv", panels.panel_understanding(results, use, models))
    accuracy = published_tables.read_judge_accuracy(published)
    write_csv(output / "judge_accuracy.csv", judge_accuracy(accuracy, analysis.confidence))


def measurements(*, verdicts: Path, models: Models, analysis: Analysis, output: Path) -> None:
    """Everything that an experiment's verdicts say directly: counts, models, utility and capability in ``output``."""
    evidence = ItemEvidence(verdicts, analysis)
    capable = gating.capability(evidence, models, evidence.outcomes.all_tasks, analysis)
    write_csv(output / "counts.csv", counts.from_verdicts(evidence.outcomes))
    write_csv(output / "models.csv", _models_table(models, {}))
    write_csv(output / "utility.csv", utility.from_capability(evidence, capable, analysis))
    write_csv(output / "capability.csv", capable)


def rates(*, evidence: Path, capability: Path, models: Models, analysis: Analysis, output: Path) -> None:
    """Rates, rates_by_category and gap. ``evidence`` is counts.csv (published) or verdicts.parquet (experiment)."""
    answers, gate = _open(evidence, analysis), gating.Gate(pd.read_csv(capability))
    write_csv(output / "rates.csv", rating.rates(answers, models, gate))
    write_csv(output / "rates_by_category.csv", rating.rates_by_category(answers, models))
    write_csv(output / "gap.csv", rating.gap(answers, models))


def penalty(*, evidence: Path, capability: Path, models: Models, analysis: Analysis, output: Path) -> None:
    """Penalty and penalty_by_metric from the same evidence as ``rates``."""
    answers, gate = _open(evidence, analysis), gating.Gate(pd.read_csv(capability))
    table = penalties.penalty(answers, models, gate)
    write_csv(output / "penalty.csv", with_risk_ratios(table, answers, models, gate))
    write_csv(output / "penalty_by_metric.csv", penalties.penalty_by_metric(answers, models, gate))


def pooled(
    *, evidence: Path, capability: Path, penalty: Path, models: Models, analysis: Analysis, output: Path
) -> None:
    """Pooled, pooled_by_category, gap_penalty and power, from the same evidence and from the file penalty.csv."""
    answers, gate = _open(evidence, analysis), gating.Gate(pd.read_csv(capability))
    pairs = pd.read_csv(penalty)
    pools = pooling.pooled(answers, models, pairs, gate)
    write_csv(output / "pooled.csv", pools)
    write_csv(output / "pooled_by_category.csv", pooled_by_category(answers, models, pairs, gate))
    cells = CountCells(answers, models) if isinstance(answers, CountEvidence) else CodedCells(answers.outcomes)
    write_csv(output / "gap_penalty.csv", gap_penalty(cells, models, gate, analysis))
    write_csv(output / "power.csv", power(pairs, pools, analysis))


def switching(*, verdicts: Path, capability: Path, models: Models, analysis: Analysis, output: Path) -> None:
    """Consistency and interactions from an experiment's verdicts."""
    outcomes = Outcomes(read_coded(verdicts))
    gate = gating.Gate(pd.read_csv(capability))
    write_csv(output / "consistency.csv", consistency(outcomes, models, gate, analysis))
    write_csv(output / "interactions.csv", interactions(outcomes, models, gate, analysis))


def sensitivity(*, verdicts: Mapping[str, Path], models: Models, analysis: Analysis, output: Path) -> None:
    """Sensitivity from the verdicts under each policy by its name, the study's own first."""
    write_csv(output / "sensitivity.csv", policies.sensitivity(verdicts, models, analysis))


def calibration(
    *,
    judgements: Sequence[Path],
    labels: pd.DataFrame,
    verdicts: Path,
    analysis: Analysis | Resampling,
    output: Path,
) -> None:
    """Calibration and stated_probabilities of the judges whose ``judgements`` state probabilities.

    ``labels`` are those of every annotator (see ``calibration.table``); the families of items come from ``verdicts``.
    """
    stated = stating.read_stated(judgements)
    families = read_table(verdicts, Verdict, ["instance", "model", "family"])
    write_csv(output / "calibration.csv", calibration_table(stated, labels, families, analysis))
    write_csv(output / "stated_probabilities.csv", stating.histogram(stated))


def claims(*, statistics: Path, claims: Mapping[str, Claim], models: Models, analysis: Analysis, output: Path) -> None:
    """The audit: claims.csv from the other CSV files in the folder ``statistics``."""
    write_csv(output / "claims.csv", auditing.audit(claims, Findings.read(statistics, models, analysis)))


def _open(path: Path, analysis: Analysis) -> CountEvidence | ItemEvidence:
    if path.suffix == ".csv":
        return CountEvidence(pd.read_csv(path), analysis)
    return ItemEvidence(path, analysis)


def _models_table(models: Models, backbones: Mapping[str, str]) -> pd.DataFrame:
    """What figures need to know of models; ``family`` is the parent, or else the backbone that the paper states."""
    rows = []
    for name, entry in models.items():
        parents = [
            other.model
            for other in entry.counterparts
            if (other.relation, other.closeness) == (Relation.BASE_LLM, Closeness.PARENT)
        ]
        family = parents[0] if parents else backbones.get(name)
        grouped = (lineage(name, models), base(name, models))
        told = (entry.display_name, entry.kind.value, entry.access, entry.arm, entry.replicate)
        rows.append((name, *told, family, *grouped))
    columns = ["model", "display_name", "kind", "access", "arm", "replicate", "family", "lineage", "base"]
    return pd.DataFrame(rows, columns=columns).astype({"replicate": "Int64"})
