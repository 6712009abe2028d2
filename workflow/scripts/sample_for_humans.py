"""Draw the responses that people are asked to label."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.human.sample import sample_for_humans
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study = settings.experiment(snakemake.wildcards.study)
    sample_for_humans(
        verdicts=Path(snakemake.input.verdicts),
        responses=[Path(path) for path in snakemake.input.responses],
        judgements=[Path(path) for path in snakemake.input.judgements],
        benchmark=Path(snakemake.input.benchmark),
        model_kinds=settings.model_kinds(snakemake.wildcards.study),
        size=study.human_sample,
        seed=study.seed,
        output=Path(snakemake.output[0]),
    )
