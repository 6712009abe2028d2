# Reference labels, the sample for people, and how well judges agree with them.


rule annotate_by_construction:
    input:
        benchmark="results/{study}/benchmark.parquet",
        responses=all_responses,
    output:
        "results/{study}/human/reference.parquet",
    log:
        "results/{study}/logs/annotate_by_construction.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        fingerprint=plugins_fingerprint("annotator"),
    script:
        "../scripts/annotate_by_construction.py"


rule sample_for_humans:
    input:
        benchmark="results/{study}/benchmark.parquet",
        responses=all_responses,
        judgements=all_judgements,
        verdicts="results/{study}/verdicts.parquet",
    output:
        "results/{study}/human/sample.csv",
    log:
        "results/{study}/logs/sample_for_humans.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        size=lambda wildcards: study_of(wildcards).human_sample,
        seed=lambda wildcards: study_of(wildcards).seed,
    script:
        "../scripts/sample_for_humans.py"


rule annotation_page:
    input:
        sample="results/{study}/human/sample.csv",
        benchmark="results/{study}/benchmark.parquet",
        responses=all_responses,
    output:
        page="results/{study}/human/annotate.html",
        tasks="results/{study}/human/label_studio.json",
        interface="results/{study}/human/label_studio.xml",
    log:
        "results/{study}/logs/annotation_page.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        categories=lambda wildcards: SETTINGS.taxonomies[
            SETTINGS.dataset_of(wildcards.study).taxonomy
        ].meanings(),
    script:
        "../scripts/annotation_page.py"


rule agreement:
    input:
        verdicts="results/{study}/verdicts.parquet",
        judgements=all_judgements,
        reference="results/{study}/human/reference.parquet",
        sample=lambda wildcards: (
            f"results/{wildcards.study}/human/sample.csv"
            if wildcards.study in EXPERIMENTS
            else []
        ),
        labels=lambda wildcards: study_of(wildcards).human_labels,
    output:
        "results/{study}/human/agreement.csv",
    log:
        "results/{study}/logs/agreement.log",
    wildcard_constraints:
        study=any_of(JUDGED),
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
        "../scripts/agreement.py"


rule calibration:
    input:
        verdicts="results/{study}/verdicts.parquet",
        judgements=judgements_with_probabilities,
        reference="results/{study}/human/reference.parquet",
        sample=lambda wildcards: of_kind(wildcards, EXPERIMENTS, "human/sample.csv"),
        labels=lambda wildcards: study_of(wildcards).human_labels,
    output:
        statistics_of("calibration", "stated_probabilities"),
    log:
        "results/{study}/logs/calibration.log",
    wildcard_constraints:
        study=any_of(CALIBRATED),
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
        "../scripts/calibration.py"


rule people:
    input:
        verdicts="results/{study}/verdicts.parquet",
        sample="results/{study}/human/sample.csv",
        labels=lambda wildcards: study_of(wildcards).human_labels,
    output:
        people="results/{study}/human/people.csv",
        coverage="results/{study}/human/coverage.csv",
        differences="results/{study}/human/differences.csv",
    log:
        "results/{study}/logs/people.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        fingerprint=lambda wildcards: study_of(wildcards).analysis.fingerprint(),
    script:
        "../scripts/people.py"


rule detector_quality:
    input:
        detections=all_detections,
        verdicts="results/{study}/verdicts.parquet",
        reference="results/{study}/human/reference.parquet",
        sample="results/{study}/human/sample.csv",
        labels=lambda wildcards: study_of(wildcards).human_labels,
    output:
        "results/{study}/statistics/detectors.csv",
    log:
        "results/{study}/logs/detector_quality.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
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
        "../scripts/detector_quality.py"
