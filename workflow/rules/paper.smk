# Figures and tables of each study, the numbers of the paper, the paper, and the summary that ends a run.
# A rule's outputs and captions depend on the study's kind, so each study has its own `figures` and `tables`.

for study in REPORTED:

    rule:
        name:
            f"figures_{study}"
        input:
            drawn_from(study),
        output:
            [
                report(
                    f"results/{study}/figures/{name}.svg",
                    caption=f"../report/{SETTINGS.studies[study].kind}/figure_{name}.rst",
                    category=figure(name).category,
                    subcategory=SETTINGS.studies[study].title,
                    labels={"figure": figure(name).title},
                )
                for name in figure_names(study)
            ],
            expand(
                "results/{study}/figures/{name}.{ending}",
                study=study,
                name=figure_names(study),
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
            runtime=growing(20),
        params:
            study=study,
            names=figure_names(study),
            level=f"{100 * SETTINGS.studies[study].analysis.confidence:g} %",
        script:
            "../scripts/figures.py"

    rule:
        name:
            f"tables_{study}"
        input:
            drawn_from(study),
        output:
            [
                report(
                    f"results/{study}/tables/{name}.html",
                    caption=f"../report/{SETTINGS.studies[study].kind}/table_{name}.rst",
                    category=table(name).category,
                    subcategory=SETTINGS.studies[study].title,
                    labels={"table": table(name).title},
                )
                for name in table_names(study)
            ],
            expand(
                "results/{study}/tables/{name}.{ending}",
                study=study,
                name=table_names(study),
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
            runtime=growing(20),
        params:
            study=study,
            names=table_names(study),
            level=f"{100 * SETTINGS.studies[study].analysis.confidence:g} %",
        script:
            "../scripts/tables.py"


rule loss_table:
    input:
        losses_of_training,
    output:
        "results/miniature_training/losses.csv",
    log:
        "results/miniature_training/logs/losses.log",
    conda:
        "../../envs/base.yaml"
    script:
        "../scripts/loss_table.py"


rule numbers:
    input:
        [path for study in REPORTED_NOW + VALIDATED_NOW for path in drawn_from(study)],
    output:
        "results/numbers.json",
        "results/numbers.tex",
    log:
        "results/logs/numbers.log",
    conda:
        "../../envs/base.yaml"
    params:
        studies=REPORTED_NOW + VALIDATED_NOW,
        fingerprint=[
            SETTINGS.studies[study].model_dump_json()
            for study in REPORTED_NOW + VALIDATED_NOW
        ],
    script:
        "../scripts/numbers.py"


rule paper:
    input:
        numbers="results/numbers.json",
        figures=[
            f"results/{study}/figures/{name}.svg"
            for study in IN_PAPER
            for name in figure_names(study)
        ]
        + [path for study in VALIDATED_NOW for path in validation_figures(study)],
        source=sorted(str(path) for path in Path("paper").rglob("*") if path.is_file()),
    output:
        report(
            "results/paper/paper.pdf",
            caption="../report/paper.rst",
            category="Paper",
            labels={"document": "The paper"},
        ),
    log:
        "results/logs/paper.log",
    conda:
        "../../envs/base.yaml"
    params:
        studies=IN_PAPER + VALIDATED_NOW,
    script:
        "../scripts/paper.py"


rule summary:
    input:
        numbers="results/numbers.json",
        paper=PAPER,
        tables=[
            f"results/{study}/tables/{name}.html"
            for study in REPORTED_NOW
            for name in table_names(study)
        ],
        pages=[
            f"results/{study}/human/annotate.html"
            for study in REPORTED_NOW
            if study in EXPERIMENTS
        ],
    output:
        "results/summary.txt",
    log:
        "results/logs/summary.log",
    conda:
        "../../envs/base.yaml"
    params:
        studies=REPORTED_NOW,
    script:
        "../scripts/summary.py"
