"""Ask one judge about one model's responses."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.judging.judge import judge

with job(snakemake.log[0]):
    name = snakemake.wildcards.judge
    entry = reload_settings(snakemake.config).judging.judges[name]
    if snakemake.input.weights:
        entry = entry.model_copy(update={"options": entry.options | {"weights": str(snakemake.input.weights)}})
    judge(
        name=name,
        entry=entry,
        responses=[Path(path) for path in snakemake.input.responses],
        benchmark=Path(snakemake.input.benchmark),
        intents=Path(snakemake.input.intents),
        detections=[Path(snakemake.input.detections)],
        journal=Path(snakemake.params.journal),
        output=Path(snakemake.output[0]),
    )
