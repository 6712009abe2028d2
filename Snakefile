"""unicost: does unifying image understanding and generation in one model cost safety, and how much?"""

import gc

from snakemake.utils import min_version

min_version("9.0")

# The DAG of a study is many objects that all stay: to look for garbage among them takes a tenth of a plan.
gc.set_threshold(50_000, 20, 100)


configfile: "config/config.yaml"


# On a cluster these run where Snakemake does: they need the network, or take seconds.
localrules:
    all,
    download_data,
    download_dataset,
    fetch_judge,
    fetch_weights,
    miniature_weights,
    pack_arm,
    loss_table,
    miniature_skeletons,
    numbers,
    paper,
    summary,


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/promises.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/workers.smk"
include: "workflow/rules/respond.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/human.smk"
include: "workflow/rules/validation.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/miniature.smk"
include: "workflow/rules/export.smk"


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        [path for study in STUDIES for path in promised(study)],
        [*PAPER, "results/summary.txt"] if REPORTED_NOW else [],


onsuccess:
    print_summary("results/summary.txt")
