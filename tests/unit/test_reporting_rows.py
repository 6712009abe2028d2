"""A number that names a row names exactly one, of a table that exists, and stands in it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from unicost.config import load_settings
from unicost.config.loading import read_yaml
from unicost.reporting import numbers
from unicost.reporting.rows import KEYS, of_row, of_table
from unicost.reporting.sources import sources_of

from tests.unit import judges_tables
from tests.unit import reporting_tables as samples

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
STUDIES = ("published", "miniature")


def _leaves(node, path=""):
    if isinstance(node, dict) and isinstance(node.get("text"), str):
        yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _leaves(child, f"{path}/{key}")


def _untraced(data, table_of):
    """What is wrong with each number whose source is no file, whose row is not one row, or that its row lacks."""
    wrong, found, tables = [], {}, {}
    for path, leaf in _leaves(data):
        file = table_of(leaf["source"])
        if not file.is_file():
            wrong.append(f"{path}: no file {leaf['source']}")
        elif "row" in leaf:
            if file not in tables:
                tables[file] = pd.read_csv(file)
            key = (file, json.dumps(leaf["row"]))
            if key not in found:
                wanted = tables[file]
                for column, value in leaf["row"].items():
                    wanted = wanted[wanted[column] == value]
                found[key] = wanted.to_dict("records")
            rows = found[key]
            value = leaf.get("value")
            if len(rows) != 1:
                wrong.append(f"{path}: {len(rows)} rows of {file.name} fit {leaf['row']}")
            elif value is not None and value not in rows[0].values():
                wrong.append(f"{path}: {value} is not in {leaf['row']} of {file.name}")
    return wrong


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    studies = {
        "published": samples.published(folder / "published"),
        "miniature": samples.experiment(folder / "miniature"),
        "people": judges_tables.validation(folder / "people"),
    }
    settings = {
        "published": samples.PUBLISHED,
        "miniature": samples.EXPERIMENT | {"protocol": "miniature"},
        "people": judges_tables.VALIDATED,
    }
    numbers.write_numbers(studies, settings, folder / "numbers.json")

    def table_of(source):
        parts = Path(source).parts
        if parts[0] == "config":
            return ROOT / "config" / "config.yaml" if parts[1] == "studies" else ROOT / source
        sources = studies[parts[1]]
        elsewhere = {"agreement.csv": sources.agreement, "validation.csv": sources.validation}
        return elsewhere.get(parts[-1]) or sources.statistics / parts[-1]

    return json.loads((folder / "numbers.json").read_text()), table_of


def test_each_row_of_small_studies_is_one(small):
    assert _untraced(*small) == []


def test_a_number_of_one_row_names_it_and_a_sum_names_none(small):
    data = small[0]["miniature"]
    hypotheses = data["design"]["primary"]["rows"]
    assert hypotheses and all(row["estimate"]["row"] == {"hypothesis": row["name"]} for row in hypotheses)
    claims = data["claims"]["rows"]
    assert claims and all(row["estimate"]["row"] == {"claim": row["claim"]} for row in claims)
    pairs = data["penalty"]["vlm"]["text_to_text"]
    assert pairs["pairs"]["over"] == {"relation": "vlm", "task": "text_to_text"} and "row" not in pairs["pairs"]
    assert set(pairs["largest"]["estimate"]["row"]) == set(KEYS["penalty"])
    assert data["size"]["items"]["source"].endswith("/rates.csv")
    assert data["size"]["models"]["source"].endswith("/models.csv")


def test_a_number_keeps_the_row_that_it_was_given_first():
    inner = of_row("claims", {"claim": "one"}, {"text": "1"})
    marked = of_row("gap", {"model": "a", "task": None}, of_table("rates", {"in": inner, "sum": {"text": "2"}}))
    assert marked["in"] == {"text": "1", "table": "claims", "row": {"claim": "one"}}
    assert marked["sum"] == {"text": "2", "table": "rates"}
    assert of_row("gap", {"model": "a", "task": None}, {"text": "3"})["row"] == {"model": "a"}


@pytest.mark.skipif(not (RESULTS / "numbers.json").exists(), reason="no results of a whole run")
def test_each_row_of_the_results_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    settings = load_settings(read_yaml(ROOT / "config" / "config.yaml"), ROOT / "config")
    files = [f"results/miniature/{name}.csv" for name in ("human/agreement", "statistics/calibration")]
    studies = {study: sources_of(study, settings, files) for study in STUDIES}
    plain = {study: settings.studies[study].model_dump(mode="json") for study in STUDIES}
    numbers.write_numbers(studies, plain, tmp_path / "numbers.json")
    assert _untraced(json.loads((tmp_path / "numbers.json").read_text()), lambda source: ROOT / source) == []
