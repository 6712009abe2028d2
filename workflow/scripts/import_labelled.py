"""Turn sets of labelled responses into the files of a study."""

from pathlib import Path

from unicost.benchmark.download.manifest import Manifest
from unicost.benchmark.labelled.importing import LabelledSet, import_labelled
from unicost.config import reload_settings
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    manifests = [Manifest.read(Path(path)) for path in snakemake.input.manifests]
    for manifest in manifests:
        manifest.verify()
    folders = {manifest.dataset: manifest.folder for manifest in manifests}
    sets = settings.datasets_of(snakemake.params.study)
    import_labelled(
        sets=[LabelledSet(name, entry, entry.data_folder(folders.get(name))) for name, entry in sets.items()],
        benchmark=Path(snakemake.output.benchmark),
        reference=Path(snakemake.output.reference),
        responses=dict(zip(sets, map(Path, snakemake.output.responses), strict=True)),
    )
