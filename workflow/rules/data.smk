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


rule download_data:
    output:
        "results/data/{dataset}.json",
    log:
        "results/data/logs/{dataset}.log",
    wildcard_constraints:
        dataset=any_of(DOWNLOADED),
    conda:
        "../../envs/base.yaml"
    params:
        fingerprint=lambda wildcards: download_fingerprint(wildcards.dataset),
    script:
        "../scripts/download_data.py"


rule build_benchmark:
    input:
        files=lambda wildcards: SETTINGS.dataset_of(wildcards.study).files(),
        manifests=manifests_of_study,
    output:
        "results/{study}/benchmark.parquet",
    log:
        "results/{study}/logs/build_benchmark.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS + BENCHMARKS),
    group:
        submission("benchmark")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        fingerprint=lambda wildcards: SETTINGS.benchmark_fingerprint(wildcards.study),
    script:
        "../scripts/build_benchmark.py"


# What a benchmark holds, counted and shown. The sheets of a study depend on its tasks, so each study has its own rule.
for study in BENCHMARKS:

    rule:
        name:
            f"show_{study}"
        input:
            f"results/{study}/benchmark.parquet",
        output:
            sheets=[
                report(
                    f"results/{study}/contact_sheets/{task}.png",
                    caption="../report/contact_sheet.rst",
                    category="Benchmark",
                    subcategory=SETTINGS.studies[study].title,
                    labels={"contact sheet": task.replace("_", " ")},
                )
                for task in SETTINGS.studies[study].tasks
            ],
            composition=report(
                f"results/{study}/tables/composition.html",
                caption="../report/composition.rst",
                category="Benchmark",
                subcategory=SETTINGS.studies[study].title,
                labels={"table": "Composition"},
            ),
            csv=f"results/{study}/tables/composition.csv",
            crosswalk=report(
                f"results/{study}/tables/crosswalk.html",
                caption="../report/crosswalk.rst",
                category="Benchmark",
                subcategory=SETTINGS.studies[study].title,
                labels={"table": "Categories elsewhere"},
            ),
            crosswalk_csv=f"results/{study}/tables/crosswalk.csv",
        log:
            f"results/{study}/logs/show.log",
        group:
            submission("benchmark")
        conda:
            "../../envs/base.yaml"
        resources:
            mem_mb=growing(4000),
            runtime=growing(20),
        params:
            study=study,
            pairs=SETTINGS.studies[study].pairs,
            seed=SETTINGS.studies[study].seed,
            taxonomies=digest(
                *(one.model_dump_json() for one in SETTINGS.taxonomies.values())
            ),
        script:
            "../scripts/show_benchmark.py"
