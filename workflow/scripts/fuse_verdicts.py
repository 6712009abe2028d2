"""Turn the judgements on all models into verdicts."""

from pathlib import Path

from unicost.config import load_settings
from unicost.jobs import job
from unicost.judging.fusion import fuse_verdicts

with job(snakemake.log[0]):
    settings = load_settings(snakemake.config)
    fuse_verdicts(
        policy=settings.judging.policies[settings.judged(snakemake.wildcards.study).policy],
        benchmark=Path(snakemake.input.benchmark),
        responses=[Path(path) for path in snakemake.input.responses],
        judgements=[Path(path) for path in snakemake.input.judgements],
        output=Path(snakemake.output[0]),
        report=Path(snakemake.params.report),
    )
