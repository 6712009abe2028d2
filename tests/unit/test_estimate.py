"""What a study costs follows from the configuration, and README.md says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from unicost.cli import main
from unicost.config import InvalidConfig, Settings, load_settings, read_yaml
from unicost.config.throughput import Throughput
from unicost.estimate import (
    BEGIN,
    END,
    estimate,
    estimate_judges,
    judging,
    load_throughput,
    report,
    total,
    write_between,
)

ROOT = Path(__file__).parents[2]
SETTINGS = load_settings(read_yaml(ROOT / "config" / "config.yaml"), ROOT / "config")
KNOWN = load_throughput(SETTINGS, ROOT / "config" / "throughput.yaml")


def changed(**sections: Any) -> Throughput:
    return Throughput(**KNOWN.model_dump() | sections)


def with_model(model: str, **figures: Any) -> Throughput:
    return changed(models={**KNOWN.model_dump()["models"], model: figures})


def test_the_table_of_the_readme_is_the_computed_one() -> None:
    shown = (ROOT / "README.md").read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown == report(SETTINGS, "full", KNOWN), "run `unicost estimate --readme`"


def test_hours_of_a_language_model_by_hand() -> None:
    """880 answers of 350 tokens at 32 x 0.5 / 0.03 tokens a second, and five minutes to start."""
    cost = estimate(SETTINGS, "full", KNOWN)["qwen2.5-7b-instruct"]
    assert cost.instances == 630 + 250
    assert cost.gpu_hours == pytest.approx(880 * 350 / (32 * 0.5 / 0.03) / 3600 + 5 / 60)
    assert cost.usd == pytest.approx(cost.gpu_hours * KNOWN.device.usd_per_hour)


def test_hours_of_a_generator_by_hand() -> None:
    cost = estimate(SETTINGS, "full", KNOWN)["qwen-image"]
    assert (cost.instances, cost.gpus) == (390, 1)
    assert cost.gpu_hours == pytest.approx(390 * 44 / 3600 + 5 / 60)


def test_a_provider_costs_tokens_and_images_and_no_gpu() -> None:
    cost = estimate(SETTINGS, "full", KNOWN)["gemini-2.5-flash-image"]
    drawn, written, seen = 390 + 229, 630 + 250 + 1690 + 24, 229 + 1690 + 24
    read = (drawn + written) * 150 + seen * 1000
    assert cost.usd == pytest.approx((read * 0.30 + written * 350 * 2.50) / 1e6 + drawn * 0.039)
    assert (cost.gpus, cost.gpu_hours, cost.weights_gb) == (0, 0, 0)


def test_weights_that_models_share_take_their_place_once() -> None:
    costs = estimate(SETTINGS, "full", KNOWN)
    shared = {name: costs[name] for name in ("qwen2.5-7b-instruct", "qwen2.5-7b-instruct-as-bagel")}
    assert total(SETTINGS, "full", shared, {}).weights_gb == costs["qwen2.5-7b-instruct"].weights_gb
    assert total(SETTINGS, "full", shared, {}).gpu_hours == sum(cost.gpu_hours for cost in shared.values())


def test_sizes_of_the_papers_benchmark_are_the_published_ones() -> None:
    counts = pd.read_csv(ROOT / "workflow/resources/published/published_sample_counts.csv").sum(numeric_only=True)
    vqa = sum(counts[name] for name in counts.index if name.startswith("vqa_"))
    assert {task.value: number for task, number in KNOWN.instances["uni_safebench"].tasks.items()} == {
        "text_to_text": counts["text_generation"],
        "text_to_image": counts["text_to_image"],
        "text_image_to_image": counts["image_editing"],
        "text_image_to_text": vqa,
    }


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (with_model("qwen-image", weights_gb=1), "models.qwen-image: it draws, so it needs 'seconds_per_image'"),
        (changed(models={}), "models: nothing is known of 'show-o2-7b'; add it"),
        (changed(instances={}), "instances: nothing is known of 'uni_safebench'; add it"),
    ],
)
def test_a_missing_figure_is_named(known: Throughput, sentence: str) -> None:
    with pytest.raises(InvalidConfig, match=sentence):
        estimate(SETTINGS, "full", known)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("  qwen-image:", "  qwen-imag:", "models: unknown name 'qwen-imag': did you mean 'qwen-image'?"),
        ("  xstest:", "  xtest:", "instances: unknown name 'xtest': did you mean 'xstest'?"),
        (", source: 4 steps", "", "'seconds_per_image' needs its 'source'"),
        ("{weights_gb: 14.1}", "{}", "models.chameleon-7b.weights_gb: is missing"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = (ROOT / "config" / "throughput.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "throughput.yaml").write_text(text.replace(old, new))
    with pytest.raises(InvalidConfig) as raised:
        load_throughput(SETTINGS, tmp_path / "throughput.yaml")
    assert sentence in str(raised.value)


def test_the_command_prints_the_table_and_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("config", "envs", "workflow"):
        (tmp_path / name).symlink_to(ROOT / name)
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main(["estimate", "full", "--readme"]) == 0
    table = report(SETTINGS, "full", KNOWN)
    assert readme.read_text() == f"before\n{BEGIN}\n{table}\n{END}\nafter\n"
    assert capsys.readouterr().out.startswith(table)
    assert main(["estimate", "ful"]) == 1
    assert capsys.readouterr().err == "unicost: unknown experiment 'ful': did you mean 'full'?\n"


def judged_by(*judges: str) -> Settings:
    study = SETTINGS.studies["full"].model_copy(update={"judges": judges})
    return SETTINGS.model_copy(update={"studies": {**SETTINGS.studies, "full": study}})


def test_a_judge_with_a_price_costs_two_calls_a_response_by_hand() -> None:
    """Of the models of `full`, one alone: GPT-4o answers in text, 880 requests of words and 1714 with a picture."""
    study = SETTINGS.studies["full"].model_copy(update={"models": ("gpt-4o",), "judges": ("llm_openai",)})
    settings = SETTINGS.model_copy(update={"studies": {**SETTINGS.studies, "full": study}})
    assert (KNOWN.judgement.prompt_tokens, KNOWN.judgement.tokens) == (700, 80)
    contextual = 2594 * (700 + 150 + 350) + 1714 * 1000
    intrinsic = 2594 * (700 + 350)
    cost = estimate_judges(settings, "full", KNOWN)["llm_openai"]
    assert cost.usd == pytest.approx(((contextual + intrinsic) * 2.50 + 2 * 2594 * 80 * 10.00) / 1e6)
    assert (cost.instances, cost.gpus, cost.gpu_hours) == (2594, 0, 0)
    costs = estimate(settings, "full", KNOWN)
    every = total(settings, "full", costs, {"llm_openai": cost})
    assert every.usd == pytest.approx(costs["gpt-4o"].usd + cost.usd) and every.instances == 2594


def test_what_judging_takes_beside_is_said_apart() -> None:
    assert judging(SETTINGS, "full") == ""
    assert judging(judged_by("refusal_alone", "llama_guard_3", "llm_server"), "full") == (
        "not among the costs: llama_guard_3 on 1 for at most 1 h a model, llm_server, which has no price"
    )


def test_a_file_without_the_markers_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("nothing")
    with pytest.raises(ValueError, match="it must hold the lines"):
        write_between(file, "table")
    assert file.read_text() == "nothing"


def test_the_hours_of_a_job_hold_the_estimate_and_half_as_much_again() -> None:
    """What docs/clusters.md tells everyone; a cluster would otherwise kill the first attempt."""
    costs = estimate(SETTINGS, "full", KNOWN)
    short = {
        model: (run.hours, round(1.5 * costs[model].gpu_hours / run.gpus, 1))
        for model in costs
        if (run := SETTINGS.run_of("full", model)).gpus and run.hours < 1.5 * costs[model].gpu_hours / run.gpus
    }
    assert not short
