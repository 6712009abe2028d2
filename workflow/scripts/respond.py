"""Ask one model about a shard of its items."""

from pathlib import Path

from unicost.config import reload_settings
from unicost.jobs import job
from unicost.models.respond import respond

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    study, model = snakemake.wildcards.study, snakemake.wildcards.model
    experiment = settings.experiment(study)
    respond(
        model=model,
        run=settings.run_of(study, model),
        study_seed=experiment.seed,
        tasks=settings.tasks_of(study, model),
        benchmark=Path(snakemake.input.benchmark),
        weights=Path(snakemake.input.weights),
        journal=Path(snakemake.params.journal),
        output=Path(snakemake.output[0]),
        shard=int(snakemake.wildcards.shard),
        shards=experiment.shards,
    )
