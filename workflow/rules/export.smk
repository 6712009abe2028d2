# A benchmark as a dataset that can be put on the Hugging Face hub as it is: `snakemake export_benchmark`.
from unicost.benchmark.export.facts import data_card

EXPORT = SETTINGS.main.export


rule export_benchmark:
    input:
        benchmark=f"results/{EXPORT}/benchmark.parquet",
        card=data_card(SETTINGS.dataset_of(EXPORT)) or [],
        citation="CITATION.cff",
    output:
        directory(f"results/export/{EXPORT}"),
    log:
        "results/export/logs/export_benchmark.log",
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        study=EXPORT,
        title=SETTINGS.studies[EXPORT].title,
        entry=SETTINGS.dataset_of(EXPORT).model_dump_json(),
    script:
        "../scripts/export_benchmark.py"
