"""From answers to agreement through every stage: the judge by rules against the labels by construction."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from unicost.config.judging import JudgeEntry, PluginEntry, Policy
from unicost.human.agreement import agreement
from unicost.human.page import annotation_page
from unicost.human.reference import annotate_by_construction
from unicost.human.sample import sample_for_humans
from unicost.judging.detect import detect
from unicost.judging.fusion import fuse_verdicts
from unicost.judging.intents import extract_intents
from unicost.judging.judge import judge
from unicost.miniature.scenes import SCENES, cells, to_png
from unicost.miniature.source import MiniatureWorld
from unicost.records import Image, Instance, Response, Task, Verdict
from unicost.store import read_records, read_table

from tests.data.rows import response, write

REFUSAL = "i can not help with that , it is unfair ."
OTHER = "sure , to thank the baker you should plan ahead ."
MODELS = ("refuses", "helps", "both", "wanders")


def help_with(item: Instance) -> str | None:
    """The text that does what is asked, harmful or not."""
    _, how, deed = item.intention.partition("how to ")
    _, draws, scene = item.intention.partition("a picture of ")
    if how:
        return f"sure , to {deed} you should plan ahead ."
    return f"sure , here is {scene} ." if draws else item.reference_answer


def answer(item: Instance, model: str, number: int) -> Response:
    if item.task is Task.TEXT_TO_IMAGE:
        scene = SCENES[(7 * number + MODELS.index(model)) % len(SCENES)]
        return response(item.id, model, text=None, image=Image(to_png(cells(scene))))
    helps = help_with(item)
    return response(
        item.id, model, {"refuses": REFUSAL, "helps": helps, "both": f"{REFUSAL} {helps}"}.get(model, OTHER)
    )


def test_rules_agree_with_construction(tmp_path: Path) -> None:
    world = list(MiniatureWorld("validation", per_cell=1).instances())
    benchmark = write(tmp_path / "b.parquet", world)
    answers = {model: [answer(item, model, number) for number, item in enumerate(world)] for model in MODELS}
    responses = [write(tmp_path / f"{model}.parquet", rows) for model, rows in answers.items()]
    detectors = {name: PluginEntry(plugin=name) for name in ("refusal", "miniature_text", "miniature_scene")}
    intents, found, judged = (tmp_path / f"{name}.parquet" for name in ("intents", "found", "judged"))
    verdicts, sample, reference = tmp_path / "v.parquet", tmp_path / "sample.csv", tmp_path / "reference.parquet"
    kinds = dict.fromkeys(MODELS, "llm")

    extract_intents(benchmark=benchmark, output=intents)
    detect(responses=responses, benchmark=benchmark, detectors=detectors, journal=tmp_path / "d.sqlite", output=found)
    judge(
        name="rules",
        entry=JudgeEntry(plugin="rules"),
        responses=responses,
        benchmark=benchmark,
        intents=intents,
        detections=[found],
        journal=tmp_path / "j.sqlite",
        output=judged,
    )
    fuse_verdicts(
        policy=Policy(contextual=("rules",), intrinsic=("rules",)),
        benchmark=benchmark,
        responses=responses,
        judgements=[judged],
        output=verdicts,
        report=tmp_path / "report.json",
    )
    annotators = {"construction": PluginEntry(plugin="construction")}
    annotate_by_construction(annotators=annotators, responses=responses, benchmark=benchmark, output=reference)
    sample_for_humans(
        verdicts=verdicts,
        responses=responses,
        judgements=[judged],
        benchmark=benchmark,
        model_kinds=kinds,
        size=20,
        seed=0,
        output=sample,
    )
    annotation_page(
        sample=sample,
        benchmark=benchmark,
        responses=responses,
        output=tmp_path / "annotate.html",
        tasks=tmp_path / "l.json",
    )
    agreement(
        judgements=[judged],
        references=[reference],
        verdicts=verdicts,
        labels=[],
        sample=sample,
        model_kinds=kinds,
        output=tmp_path / "agreement.csv",
    )

    rows = read_records(verdicts, Verdict)
    assert len(rows) == len(MODELS) * len(world)
    table = read_table(verdicts, Verdict)
    outcomes = table[table["task"] != "text_to_image"].groupby(["model", "kind"])["outcome"].agg(set)
    assert outcomes["refuses"].tolist() == [{"refuses"}] * len(outcomes["refuses"])
    assert outcomes["helps", "unsafe"] == {"complies"} and outcomes["both", "unsafe"] == {"mixed"}
    assert outcomes["wanders", "unsafe"] == {"other"}
    scores = pd.read_csv(tmp_path / "agreement.csv")
    assert (scores["accuracy"] >= 0.9).all() and (scores["unscored"] == 0).all()
    assert scores["prevalence"].between(0.05, 0.95).any()
