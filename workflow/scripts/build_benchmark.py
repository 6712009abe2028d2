"""Write benchmark.parquet."""

from functools import partial
from pathlib import Path

from unicost.benchmark.build import Control, Part, build_benchmark
from unicost.benchmark.download.manifest import Manifest
from unicost.config import reload_settings, translation
from unicost.jobs import job

with job(snakemake.log[0]):
    settings = reload_settings(snakemake.config)
    manifests = [Manifest.read(Path(path)) for path in snakemake.input.manifests]
    for manifest in manifests:
        manifest.verify()
    folders = {manifest.dataset: manifest.folder for manifest in manifests}
    datasets = settings.datasets_of(snakemake.wildcards.study)
    parts = [Part(name, entry, entry.data_folder(folders.get(name))) for name, entry in datasets.items()]
    taxonomy = parts[0].entry.taxonomy
    controls = [
        Control(part, partial(translation, settings.taxonomies, part.entry.taxonomy, taxonomy)) for part in parts[1:]
    ]
    build_benchmark(
        part=parts[0], taxonomy=settings.taxonomies[taxonomy], output=Path(snakemake.output[0]), controls=controls
    )
