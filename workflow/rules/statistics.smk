# From counts or verdicts to rates, penalties, pooled estimates and the audit of claims.


rule published_tables:
    input:
        expand("results/{{study}}/data/raw/published_{table}.csv", table=TABLES),
    output:
        statistics_of("counts", "models", "utility", "capability"),
        statistics_of(
            "leaderboard", "panel_generation", "panel_understanding", "judge_accuracy"
        ),
    log:
        "results/{study}/logs/published_tables.log",
    wildcard_constraints:
        study=any_of(PUBLISHED),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/published_tables.py"


rule measurements:
    input:
        verdicts="results/{study}/verdicts.parquet",
    output:
        statistics_of("counts", "models", "utility", "capability"),
    log:
        "results/{study}/logs/measurements.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/measurements.py"


rule rates:
    input:
        evidence=evidence_of,
        capability="results/{study}/statistics/capability.csv",
    output:
        statistics_of("rates", "rates_by_category", "gap"),
    log:
        "results/{study}/logs/rates.log",
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/rates.py"


rule penalty:
    input:
        evidence=evidence_of,
        capability="results/{study}/statistics/capability.csv",
    output:
        statistics_of("penalty", "penalty_by_metric"),
    log:
        "results/{study}/logs/penalty.log",
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/penalty.py"


rule pooled:
    input:
        evidence=evidence_of,
        capability="results/{study}/statistics/capability.csv",
        penalty="results/{study}/statistics/penalty.csv",
    output:
        statistics_of("pooled", "pooled_by_category", "gap_penalty", "power"),
    log:
        "results/{study}/logs/pooled.log",
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/pooled.py"


rule sensitivity:
    input:
        verdicts="results/{study}/verdicts.parquet",
        others=lambda wildcards: expand(
            "results/{study}/policies/{policy}/verdicts.parquet",
            study=wildcards.study,
            policy=study_of(wildcards).sensitivity,
        ),
    output:
        "results/{study}/statistics/sensitivity.csv",
    log:
        "results/{study}/logs/sensitivity.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
        policies=lambda wildcards: study_of(wildcards).sensitivity,
    script:
        "../scripts/sensitivity.py"


# Published tables are corrected by the accuracy that was published with them, experiments by the labels of answers.
rule corrected:
    input:
        statistics_of("counts", "rates", "penalty", "pooled", "capability"),
        accuracy=lambda wildcards: of_kind(
            wildcards, PUBLISHED, "statistics/judge_accuracy.csv"
        ),
        verdicts=lambda wildcards: of_kind(wildcards, EXPERIMENTS, "verdicts.parquet"),
        reference=lambda wildcards: of_kind(
            wildcards, EXPERIMENTS, "human/reference.parquet"
        ),
        sample=lambda wildcards: of_kind(wildcards, EXPERIMENTS, "human/sample.csv"),
        labels=lambda wildcards: (
            study_of(wildcards).human_labels if wildcards.study in EXPERIMENTS else []
        ),
    output:
        statistics_of("corrected", "judge_error", "tipping"),
    log:
        "results/{study}/logs/corrected.log",
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/corrected.py"


rule switching:
    input:
        verdicts="results/{study}/verdicts.parquet",
        capability="results/{study}/statistics/capability.csv",
    output:
        statistics_of("consistency", "interactions"),
    log:
        "results/{study}/logs/switching.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
    script:
        "../scripts/switching.py"


rule claims:
    input:
        statistics_of(
            "counts",
            "rates",
            "rates_by_category",
            "penalty",
            "penalty_by_metric",
            "pooled",
            "utility",
        ),
    output:
        "results/{study}/statistics/claims.csv",
    log:
        "results/{study}/logs/claims.log",
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        fingerprint=statistics_fingerprint,
        claims=digest(*(claim.model_dump_json() for claim in SETTINGS.claims.values())),
    script:
        "../scripts/claims.py"


rule outcomes:
    input:
        verdicts="results/{study}/verdicts.parquet",
        detections=all_detections,
        capability="results/{study}/statistics/capability.csv",
    output:
        "results/{study}/statistics/outcomes.csv",
    log:
        "results/{study}/logs/outcomes.log",
    wildcard_constraints:
        study=any_of(DESIGNED),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        models=statistics_fingerprint,
        protocol=protocol_fingerprint,
    script:
        "../scripts/outcomes.py"


rule designed_effects:
    input:
        outcomes="results/{study}/statistics/outcomes.csv",
        also=lambda wildcards: other_outcomes(wildcards.study),
    output:
        statistics_of("arm_outcomes", "effects", "hypotheses", "gate_sensitivity"),
    log:
        "results/{study}/logs/designed_effects.log",
    wildcard_constraints:
        study=any_of(DESIGNED),
    group:
        submission("statistics")
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(20),
    params:
        protocol=protocol_fingerprint,
    script:
        "../scripts/designed_effects.py"
