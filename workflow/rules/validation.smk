# Judges against people, on sets of responses that people labelled. After the import, a study of this kind is judged by
# the same rules as an experiment. Its outputs depend on its sets, so each study has its own import.

for study in VALIDATIONS:

    rule:
        name:
            f"import_{study}"
        input:
            files=[
                str(path)
                for entry in SETTINGS.datasets_of(study).values()
                for path in entry.files()
            ],
            manifests=[
                f"results/data/{name}.json"
                for name in respondents(study)
                if name in DOWNLOADED
            ],
        output:
            benchmark=f"results/{study}/benchmark.parquet",
            reference=f"results/{study}/human/reference.parquet",
            responses=response_files(study, respondents(study)),
        log:
            f"results/{study}/logs/import_labelled.log",
        group:
            submission("benchmark")
        conda:
            "../../envs/base.yaml"
        resources:
            mem_mb=growing(4000),
            runtime=growing(20),
        params:
            study=study,
            fingerprint=SETTINGS.benchmark_fingerprint(study),
        script:
            "../scripts/import_labelled.py"


rule validate_judges:
    input:
        reference="results/{study}/human/reference.parquet",
        judgements=all_judgements,
        detections=all_detections,
        anchors="workflow/resources/published/judge_anchors.csv",
        verdicts="results/{study}/verdicts.parquet",
    output:
        csv="results/{study}/tables/validation.csv",
        html=report(
            "results/{study}/tables/validation.html",
            caption="../report/validation.rst",
            category="Judges",
            subcategory=lambda wildcards: study_of(wildcards).title,
            labels={"table": "Judges against people"},
        ),
        classes="results/{study}/tables/validation_classes.csv",
        classes_html=report(
            "results/{study}/tables/validation_classes.html",
            caption="../report/validation.rst",
            category="Judges",
            subcategory=lambda wildcards: study_of(wildcards).title,
            labels={"table": "Judges against people by class"},
        ),
        anchors_html=report(
            "results/{study}/tables/anchors.html",
            caption="../report/validation.rst",
            category="Judges",
            subcategory=lambda wildcards: study_of(wildcards).title,
            labels={"table": "Published anchors"},
        ),
        figure=report(
            "results/{study}/figures/validation.svg",
            caption="../report/validation.rst",
            category="Judges",
            subcategory=lambda wildcards: study_of(wildcards).title,
            labels={"figure": "Judges against people"},
        ),
        png="results/{study}/figures/validation.png",
    log:
        "results/{study}/logs/validate_judges.log",
    wildcard_constraints:
        study=any_of(VALIDATIONS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        fingerprint=lambda wildcards: study_of(wildcards).analysis.fingerprint(),
    script:
        "../scripts/validate_judges.py"


# How far the judges can be talked over stands beside how far they agree with people.
for study in [name for name in VALIDATIONS if name in INJECTED]:

    rule:
        name:
            f"figures_{study}"
        input:
            f"results/{study}/statistics/injections.csv",
        output:
            report(
                f"results/{study}/figures/injections.svg",
                caption="../report/experiment/figure_injections.rst",
                category=figure("injections").category,
                subcategory=SETTINGS.studies[study].title,
                labels={"figure": figure("injections").title},
            ),
            expand(
                "results/{study}/figures/injections.{ending}",
                study=study,
                ending=["pdf", "png"],
            ),
        log:
            f"results/{study}/logs/figures.log",
        group:
            submission("statistics")
        conda:
            "../../envs/base.yaml"
        resources:
            mem_mb=growing(4000),
            runtime=growing(10),
        params:
            study=study,
            names=["injections"],
        script:
            "../scripts/figures.py"

    rule:
        name:
            f"tables_{study}"
        input:
            f"results/{study}/statistics/injections.csv",
        output:
            report(
                f"results/{study}/tables/injections.html",
                caption="../report/experiment/table_injections.rst",
                category=table("injections").category,
                subcategory=SETTINGS.studies[study].title,
                labels={"table": table("injections").title},
            ),
            expand(
                "results/{study}/tables/injections.{ending}",
                study=study,
                ending=["csv", "tex"],
            ),
        log:
            f"results/{study}/logs/tables.log",
        group:
            submission("statistics")
        conda:
            "../../envs/base.yaml"
        resources:
            mem_mb=growing(4000),
            runtime=growing(10),
        params:
            study=study,
            names=["injections"],
        script:
            "../scripts/tables.py"
