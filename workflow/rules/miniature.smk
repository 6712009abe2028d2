# The miniature arms, trained from nothing: `snakemake miniature_weights`. The default run uses the shipped weights.


rule miniature_weights:
    input:
        [
            packed_weights(f"{arm}-seed{seed}")
            for arm in RECIPES.names()
            for seed in RECIPES.seeds
        ],
        [packed_weights("judge")] if RECIPES.judge else [],


rule train_vision:
    output:
        weights="results/miniature_training/vision-seed{seed}/weights.safetensors",
        losses="results/miniature_training/vision-seed{seed}/losses.csv",
    log:
        "results/miniature_training/logs/vision-seed{seed}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        fingerprint=RECIPES.fingerprint("vision"),
    script:
        "../scripts/train_vision.py"


rule train_base:
    output:
        weights="results/miniature_training/base-seed{seed}/weights.safetensors",
        losses="results/miniature_training/base-seed{seed}/losses.csv",
    log:
        "results/miniature_training/logs/base-seed{seed}.log",
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        fingerprint=RECIPES.fingerprint("base"),
    script:
        "../scripts/train_base.py"


rule train_arm:
    input:
        base="results/miniature_training/base-seed{seed}/weights.safetensors",
        vision=vision_of_arm,
    output:
        weights="results/miniature_training/{arm}-seed{seed}/weights.safetensors",
        losses="results/miniature_training/{arm}-seed{seed}/losses.csv",
    log:
        "results/miniature_training/logs/{arm}-seed{seed}.log",
    wildcard_constraints:
        arm=any_of(RECIPES.arms),
        seed=r"\d+",
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        fingerprint=lambda wildcards: RECIPES.fingerprint(wildcards.arm),
    script:
        "../scripts/train_arm.py"


rule pack_arm:
    input:
        "results/miniature_training/{arm}-seed{seed}/weights.safetensors",
    output:
        weights="results/miniature_weights/{arm}-seed{seed}/{arm}-seed{seed}.safetensors",
        manifest="results/miniature_weights/{arm}-seed{seed}/manifest.json",
    log:
        "results/miniature_training/logs/pack-{arm}-seed{seed}.log",
    wildcard_constraints:
        arm=any_of(RECIPES.names()),
        seed=r"\d+",
    conda:
        "../../envs/base.yaml"
    params:
        fingerprint=lambda wildcards: RECIPES.fingerprint(wildcards.arm),
    script:
        "../scripts/pack_arm.py"


rule train_judge:
    output:
        weights="results/miniature_weights/judge/judge.safetensors",
        manifest="results/miniature_weights/judge/manifest.json",
        losses="results/miniature_training/judge/losses.csv",
    log:
        "results/miniature_training/logs/judge.log",
    conda:
        "../../envs/base.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        fingerprint=RECIPES.fingerprint("judge") if RECIPES.judge else "",
    script:
        "../scripts/train_judge.py"


# Shipped or trained, weights are put into folders that are complete but for them.
rule miniature_skeletons:
    output:
        directory("results/miniature_skeletons"),
    log:
        "results/logs/miniature_skeletons.log",
    conda:
        "../../envs/base.yaml"
    script:
        "../scripts/miniature_skeletons.py"
