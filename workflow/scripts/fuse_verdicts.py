"""Turn the judgements on all models into verdicts."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.judging.fusion import fuse_verdicts

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    policy = settings.judging.policies[snakemake.params.policy]
    fuse_verdicts(
        policy=policy if snakemake.params.limited else policy.model_copy(update={"unscored_limit": 1.0}),
        benchmark=Path(snakemake.input.benchmark),
        responses=[Path(path) for path in snakemake.input.responses],
        judgements=[Path(path) for path in snakemake.input.judgements],
        detections=[Path(path) for path in snakemake.input.detections],
        output=Path(snakemake.output[0]),
        report=Path(snakemake.params.report),
    )
