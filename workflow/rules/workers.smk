# Models whose code no library has: the vendor's repository at one commit, and an environment for it. Both need the
# network, so they run where Snakemake runs. Only models with the adapter `worker` depend on them.


rule vendor_code:
    output:
        provenance="results/vendor/{worker}/code.json",
        folder=directory("results/vendor/{worker}/code"),
    log:
        "results/vendor/logs/{worker}-code.log",
    wildcard_constraints:
        worker=any_of(WORKERS_WITH_CODE),
    localrule: True
    conda:
        "../../envs/base.yaml"
    params:
        fingerprint=lambda wildcards: SETTINGS.workers[
            wildcards.worker
        ].code_fingerprint(),
    script:
        "../scripts/vendor_code.py"


rule worker_environment:
    input:
        lambda wildcards: SETTINGS.workers[wildcards.worker].requirements,
    output:
        provenance="results/vendor/{worker}/env.json",
        folder=directory("results/vendor/{worker}/env"),
    log:
        "results/vendor/logs/{worker}-env.log",
    wildcard_constraints:
        worker=any_of(WORKERS_WITH_ENVIRONMENT),
    localrule: True
    conda:
        "../../envs/base.yaml"
    params:
        python=lambda wildcards: SETTINGS.workers[wildcards.worker].python,
    script:
        "../scripts/worker_environment.py"
