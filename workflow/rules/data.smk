# From the data's origin to benchmark.parquet.


rule download_dataset:
    input:
        tables=lambda wildcards: expand(
            "{folder}/published_{table}.csv",
            folder=study_of(wildcards).tables,
            table=TABLES,
        ),
        checksums=lambda wildcards: f"{study_of(wildcards).tables}/SHA256SUMS",
    output:
        tables=expand("results/{{study}}/data/raw/published_{table}.csv", table=TABLES),
    log:
        "results/{study}/logs/download_dataset.log",
    wildcard_constraints:
        study=any_of(PUBLISHED),
    conda:
        "../../envs/base.yaml"
    script:
        "../scripts/download_dataset.py"


rule build_benchmark:
    output:
        "results/{study}/benchmark.parquet",
    log:
        "results/{study}/logs/build_benchmark.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    conda:
        "../../envs/base.yaml"
    params:
        fingerprint=lambda wildcards: SETTINGS.datasets[
            study_of(wildcards).dataset
        ].fingerprint(),
    script:
        "../scripts/build_benchmark.py"
