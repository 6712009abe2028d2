# From responses to verdicts.


rule extract_intents:
    input:
        benchmark="results/{study}/benchmark.parquet",
    output:
        "results/{study}/intents.parquet",
    log:
        "results/{study}/logs/extract_intents.log",
    wildcard_constraints:
        study=any_of(JUDGED),
    group:
        submission("benchmark")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        fingerprint=extractor_fingerprint,
        journal="results/{study}/journal/intents.sqlite",
    script:
        "../scripts/extract_intents.py"


rule detect:
    input:
        benchmark="results/{study}/benchmark.parquet",
        responses=responses_of_model,
    output:
        "results/{study}/detections/{model}.parquet",
    log:
        "results/{study}/logs/detect/{model}.log",
    wildcard_constraints:
        study=any_of(JUDGED),
        model=any_of(RESPONDENTS),
    group:
        submission("judging")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=plugins_fingerprint("detector"),
        journal="results/{study}/journal/detections/{model}.sqlite",
    script:
        "../scripts/detect.py"


rule fetch_judge:
    output:
        folder=directory("results/judges/{judge}/weights"),
        provenance="results/judges/{judge}/weights.json",
    log:
        "results/judges/logs/{judge}.log",
    wildcard_constraints:
        judge=any_of(JUDGES_WITH_CHECKPOINT),
    conda:
        "../../envs/base.yaml"
    params:
        wanted=lambda wildcards: wanted_by(SETTINGS.judging.judges[wildcards.judge]),
    script:
        "../scripts/fetch_judge.py"


rule judge:
    input:
        benchmark="results/{study}/benchmark.parquet",
        intents="results/{study}/intents.parquet",
        responses=responses_of_model,
        detections="results/{study}/detections/{model}.parquet",
        weights=weights_of_judge,
    output:
        "results/{study}/judgements/{judge}/{model}.parquet",
    log:
        "results/{study}/logs/judge/{judge}/{model}.log",
    wildcard_constraints:
        study=any_of(JUDGED),
        judge=any_of(SETTINGS.judging.judges),
        model=any_of(RESPONDENTS),
    group:
        submission_of_judge
    conda:
        "../../envs/base.yaml"
    resources:
        # As of a model, in respond.smk.
        gpu=lambda wildcards: judge_of(wildcards).gpus or None,
        local_gpu=lambda wildcards: judge_of(wildcards).gpus,
        mem_mb=memory_of(judge_of),
        runtime=hours_of(judge_of),
    params:
        fingerprint=lambda wildcards: judge_of(wildcards).fingerprint("judge"),
        journal="results/{study}/journal/judgements/{judge}/{model}.sqlite",
    script:
        "../scripts/judge.py"


# Attempts to talk a judge out of its verdict; the judge is shown what the study's detectors find in them.
rule injections:
    input:
        suite=lambda wildcards: study_of(wildcards).injections,
        weights=weights_of_judge,
    output:
        "results/{study}/injections/{judge}.csv",
    log:
        "results/{study}/logs/injections/{judge}.log",
    wildcard_constraints:
        study=any_of(INJECTED),
        judge=any_of(SETTINGS.judging.judges),
    group:
        submission_of_injections
    conda:
        "../../envs/base.yaml"
    resources:
        gpu=lambda wildcards: judge_of(wildcards).gpus or None,
        local_gpu=lambda wildcards: judge_of(wildcards).gpus,
        mem_mb=memory_of(judge_of),
        runtime=hours_of(judge_of),
    params:
        fingerprint=lambda wildcards: digest(
            plugins_fingerprint("detector")(wildcards),
            judge_of(wildcards).fingerprint("judge"),
            study_of(wildcards).analysis.confidence,
        ),
    script:
        "../scripts/injections.py"


rule all_injections:
    input:
        lambda wildcards: expand(
            "results/{study}/injections/{judge}.csv",
            study=wildcards.study,
            judge=study_of(wildcards).judges,
        ),
    output:
        "results/{study}/statistics/injections.csv",
    log:
        "results/{study}/logs/all_injections.log",
    wildcard_constraints:
        study=any_of(INJECTED),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    script:
        "../scripts/all_injections.py"


rule fuse_verdicts:
    input:
        benchmark="results/{study}/benchmark.parquet",
        responses=all_responses,
        judgements=all_judgements,
        detections=detections_of_policy,
    output:
        "results/{study}/verdicts.parquet",
    log:
        "results/{study}/logs/fuse_verdicts.log",
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
        policy=policy_of,
        limited=True,
        report="results/{study}/logs/unscored.json",
        fingerprint=lambda wildcards: SETTINGS.judging.policies[
            policy_of(wildcards)
        ].fingerprint(),
    script:
        "../scripts/fuse_verdicts.py"


# The same under another policy, to see what hangs on it; however much it leaves unscored.
use rule fuse_verdicts as fuse_otherwise with:
    output:
        "results/{study}/policies/{policy}/verdicts.parquet",
    log:
        "results/{study}/logs/policies/{policy}/fuse_verdicts.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
        policy=any_of(SETTINGS.judging.policies),
    group:
        submission("statistics")
    params:
        policy=policy_of,
        limited=False,
        report="results/{study}/logs/policies/{policy}/unscored.json",
        fingerprint=lambda wildcards: SETTINGS.judging.policies[
            policy_of(wildcards)
        ].fingerprint(),
