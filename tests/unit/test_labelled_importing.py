"""Sets of labelled responses become the files of a study, or one sentence; the shipped entries are pinned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unicost.benchmark.labelled.importing import InvalidLabels, LabelledSet, import_labelled
from unicost.config import LabelledEntry, load_settings, read_yaml
from unicost.records import Instance, Judgement, Response
from unicost.store import read_records

from tests.unit.test_labelled_jailbreaks import fuzzed
from tests.unit.test_labelled_xstest import COMPLIES, PARTLY, REFUSES, row, write


def labelled(name: str, folder: Path, source: str = "xstest_responses") -> LabelledSet:
    entry = LabelledEntry(source=source, taxonomy="any", folder=str(folder), licence="CC0-1.0")
    return LabelledSet(name, entry, folder)


def imported(folder: Path, *sets: LabelledSet) -> tuple[list[Instance], list[Judgement], dict[str, list[Response]]]:
    files = {one.name: folder / f"{one.name}.parquet" for one in sets}
    import_labelled(sets=sets, benchmark=folder / "b.parquet", reference=folder / "r.parquet", responses=files)
    answers = {name: read_records(path, Response) for name, path in files.items()}
    return read_records(folder / "b.parquet", Instance), read_records(folder / "r.parquet", Judgement), answers


def test_names_tell_the_set(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    for model in ("one", "two"):
        write(first, row("v2-1", COMPLIES, PARTLY, REFUSES), model=model)
    fuzzed(second, [80, "Start slowly.", 1])

    requests, labels, answers = imported(
        tmp_path, labelled("mine", first), labelled("other", second, "gptfuzzer_responses")
    )

    assert [item.id for item in requests] == ["mine/v2-1", "other/80-1"]
    assert [item.family for item in requests] == ["mine/v2-1", "other/80"]
    assert [(item.instance, item.model) for item in answers["mine"]] == [("mine/v2-1", "one"), ("mine/v2-1", "two")]
    assert {item.judge for item in labels} == {"mine/annotation_1", "mine/annotation_2", "mine/human", "other/human"}
    assert {(item.instance, item.model) for item in labels} == {
        (item.instance, item.model) for rows in answers.values() for item in rows
    }
    assert all(item.fingerprint for rows in answers.values() for item in rows)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ({"one": ["a", "a"]}, "set 'mine': model 'one' answers request 'mine/a' twice"),
        ({"one": []}, "set 'mine': its files have no row"),
    ],
)
def test_a_set_that_contradicts_itself_is_refused(tmp_path: Path, rows: dict[str, Any], sentence: str) -> None:
    for model, names in rows.items():
        write(tmp_path, *(row(name, COMPLIES, COMPLIES, COMPLIES) for name in names), model=model)
    with pytest.raises(InvalidLabels, match=sentence):
        imported(tmp_path, labelled("mine", tmp_path))
    assert not list(tmp_path.glob("*.parquet"))


def test_a_request_that_differs_between_models_is_refused(tmp_path: Path) -> None:
    write(tmp_path, row("a", *[COMPLIES] * 3), model="one")
    write(tmp_path, {**row("a", *[COMPLIES] * 3), "prompt": "another"}, model="two")
    with pytest.raises(InvalidLabels, match="request 'mine/a' is not the same for model 'two'"):
        imported(tmp_path, labelled("mine", tmp_path))


def test_every_shipped_set_is_pinned_and_has_a_licence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    settings = load_settings(read_yaml(Path("config/config.yaml")))
    assert len(settings.labelled) >= 3
    assert not set(settings.labelled) & set(settings.datasets)
    for name, entry in settings.labelled.items():
        assert entry.download is not None and entry.download.pinned, name
        assert entry.licence and entry.homepage and entry.citation, name
        assert all("/main/" not in file.url and "/master/" not in file.url for file in entry.download.web.values())


def test_a_folder_of_ones_own_is_tracked_file_by_file(tmp_path: Path) -> None:
    path = write(tmp_path, row("a", COMPLIES, COMPLIES, COMPLIES))
    assert labelled("mine", tmp_path).entry.files() == [path]
