# Models answer. A model's weights are fetched once, and one job asks it about all tasks that it supports.


rule fetch_weights:
    input:
        weights=weights_file,
        skeletons=skeletons_of_miniatures,
    output:
        provenance="results/{study}/weights/{model}.json",
        folder=directory("results/{study}/weights/{model}"),
    log:
        "results/{study}/logs/fetch_weights/{model}.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
        model=any_of(RUNNABLE),
    conda:
        "../../envs/base.yaml"
    params:
        fingerprint=lambda wildcards: run_of(wildcards).weights_fingerprint(),
    script:
        "../scripts/fetch_weights.py"


rule respond:
    input:
        benchmark="results/{study}/benchmark.parquet",
        provenance="results/{study}/weights/{model}.json",
        weights="results/{study}/weights/{model}",
        worker=needs_of_worker,
    output:
        "results/{study}/responses/{model}/{shard}.parquet",
    log:
        "results/{study}/logs/respond/{model}-{shard}.log",
    wildcard_constraints:
        study=any_of(EXPERIMENTS),
        model=any_of(RUNNABLE),
        shard=r"\d{3}",
    group:
        submission_of_model
    conda:
        "../../envs/base.yaml"
    resources:
        # What a cluster hands out, and what the jobs of one machine share (profiles/default). A job that asks for no GPU
        # does not name any: Kubernetes would ask for nodes with none of them.
        gpu=lambda wildcards: run_of(wildcards).gpus or None,
        local_gpu=lambda wildcards: run_of(wildcards).gpus,
        mem_mb=memory_of(run_of),
        runtime=hours_of(run_of),
    params:
        fingerprint=responses_fingerprint,
        journal="results/{study}/journal/responses/{model}.sqlite",
    script:
        "../scripts/respond.py"
