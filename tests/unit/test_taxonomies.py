"""Taxonomies map to each other by data: every leaf has a counterpart or a reason why it has none."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from pydantic import ValidationError
from unicost.config import InvalidConfig, Settings, Taxonomy, load_settings, read_yaml, translation
from unicost.records import Kind
from unicost.reporting.tables.crosswalk import write_crosswalk

from tests.unit.test_store import INSTANCE

COMPARED = ("seed", "uni_safebench", "unisafe")
OURS = Taxonomy(
    title="Ours",
    categories={"Bias": ("age", "origin"), "Privacy": ("doxxing",), "Harm": ()},
    maps_to={"theirs": {"Bias": "Hate", "Harm": "Danger", "doxxing": "Privacy leak"}},
    unmapped={"theirs": {"age": "they leave it out"}},
)
THEIRS = Taxonomy(title="Theirs", categories={"Hate": (), "Danger": (), "Privacy leak": ()})
ELSEWHERE = Taxonomy(title="Elsewhere", categories={"All": ()})


@pytest.fixture(scope="module")
def settings(root: Path) -> Settings:
    return load_settings(read_yaml(root / "config/config.yaml"), root / "config")


def test_a_leaf_goes_before_its_category() -> None:
    assert OURS.translate("theirs", "Bias", "origin") == "Hate"
    assert OURS.translate("theirs", "Bias", "age") is None
    assert OURS.translate("theirs", "Privacy", "doxxing") == "Privacy leak"
    assert OURS.translate("theirs", "Privacy", "a new leaf") is None
    assert OURS.translate("elsewhere", "Bias", "origin") is None
    assert OURS.reason("theirs", "Bias", "age") == "they leave it out"
    assert OURS.reason("elsewhere", "Bias", "origin") == "nobody has compared them"
    assert translation({"ours": OURS}, "ours", "ours", "Bias", "age") == "Bias"


@pytest.mark.parametrize(("own", "other"), list(permutations(COMPARED, 2)))
def test_every_leaf_of_the_three_is_mapped_or_says_why_not(settings: Settings, own: str, other: str) -> None:
    taxonomy = settings.taxonomies[own]
    for category, leaf in taxonomy.leaves():
        if taxonomy.translate(other, category, leaf) is None:
            assert taxonomy.reason(other, category, leaf) != "nobody has compared them", (own, leaf, other)


def test_the_taxonomy_of_each_public_set_is_compared_with_the_projects(settings: Settings) -> None:
    for name in {entry.taxonomy for entry in settings.datasets.values()} - {"seed"}:
        taxonomy = settings.taxonomies[name]
        for category, leaf in taxonomy.leaves():
            known = taxonomy.translate("seed", category, leaf) in settings.taxonomies["seed"].categories
            assert known or taxonomy.reason("seed", category, leaf) != "nobody has compared them", (name, leaf)


def test_the_papers_leaves_are_those_of_its_published_counts(settings: Settings, root: Path) -> None:
    with (root / "workflow/resources/published/published_sample_counts.csv").open(newline="") as stream:
        published = {row["subcategory"].replace("behavior", "behaviour") for row in csv.DictReader(stream)}
    under_its_category = {"financial_privacy": "financial", "privacy_of_public_figures": "public_figures"}
    leaves = [leaf for _, leaf in settings.taxonomies["uni_safebench"].leaves()]
    assert sorted(leaves) == sorted(under_its_category.get(name, name) for name in published)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"maps_to": {"theirs": {"Bais": "Hate"}}}, "'Bais' is no category or leaf of this taxonomy"),
        ({"unmapped": {"theirs": {"agee": "why"}}}, "'agee' is no category or leaf of this taxonomy"),
        (
            {"maps_to": {"theirs": {"age": "Hate"}}, "unmapped": {"theirs": {"age": "why"}}},
            "'age' is mapped as well; keep one of the two",
        ),
    ],
)
def test_a_taxonomy_speaks_of_its_own_names(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Taxonomy.model_validate({"title": "Ours", "categories": {"Bias": ["age"]}, **changes})


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "Toxicity: Toxicity Content",
            "Toxicity: Toxic Content",
            "unknown name 'Toxic Content': did you mean 'Toxicity",
        ),
        ("  uni_safebench:\n    Toxicity", "  uni_safebnch:\n    Toxicity", "maps_to: unknown name 'uni_safebnch'"),
        ("  unisafe:\n    impersonation", "  unisaf:\n    impersonation", "unmapped: unknown name 'unisaf': did you"),
    ],
)
def test_a_mapping_that_leads_nowhere_is_refused(root: Path, tmp_path: Path, old: str, new: str, sentence: str) -> None:
    folder = Path(shutil.copytree(root / "config", tmp_path / "config"))
    text = (folder / "taxonomies/seed.yaml").read_text()
    assert old in text
    (folder / "taxonomies/seed.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidConfig) as error:
        load_settings(read_yaml(folder / "config.yaml"), folder)
    assert "taxonomies/seed.yaml: " in str(error.value) and sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_the_crosswalk_shows_what_maps_and_what_does_not(tmp_path: Path) -> None:
    instances = [
        replace(INSTANCE, id="1", category="Harm", leaf="Harm"),
        replace(INSTANCE, id="2", category="Bias", leaf="origin"),
        replace(INSTANCE, id="3", category="Bias", leaf="age"),
        replace(INSTANCE, id="4", category="Bias", leaf="age", kind=Kind.BENIGN),
        replace(INSTANCE, id="5", category="Bias", leaf="a_new_leaf"),
        replace(INSTANCE, id="6", category="unmapped", leaf="homonyms", kind=Kind.BENIGN),
    ]
    taxonomies = {"ours": OURS, "theirs": THEIRS, "elsewhere": ELSEWHERE}
    outputs = [tmp_path / "crosswalk.csv", tmp_path / "crosswalk.html"]
    write_crosswalk(instances, taxonomies, "ours", "A study", outputs)
    with outputs[0].open(newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["Category", "Leaf", "Unsafe", "Benign", "Theirs"]
    assert rows == [
        ["Bias", "age", "1", "1", "not mapped (they leave it out)"],
        ["Bias", "origin", "1", "0", "Hate"],
        ["Bias", "a new leaf", "1", "0", "Hate"],
        ["Harm", "Harm", "1", "0", "Danger"],
        ["unmapped", "homonyms", "0", "1", "not mapped (a control without a category here)"],
    ]
    assert "Not compared with: Elsewhere." in outputs[1].read_text()
