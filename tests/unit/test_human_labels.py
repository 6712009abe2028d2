"""Labels in CSV files: read whole, or refused with the row that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from unicost.human.labels import WrongLabels, read_labels, sample_digest
from unicost.records import Aspect, Label

HEADER = "item,annotator,contextual,intrinsic,note,seconds,sample\n"
SAMPLE = "item,instance,model\nitem-0001,a,m\nitem-0002,b,n\n"


def read(folder: Path, text: str, encoding: str = "utf-8") -> list[tuple[str, str, str, str]]:
    sample = folder / "sample.csv"
    sample.write_text(SAMPLE)
    text = text.replace("SAMPLE", sample_digest(sample))
    labels = folder / "labels.csv"
    labels.write_bytes(text.encode(encoding))
    return [(row.instance, row.judge, row.aspect.value, row.label.value) for row in read_labels(labels, sample)]


def test_two_judgements_an_item_and_blanks_are_left_out(tmp_path: Path) -> None:
    text = (
        HEADER
        + "item-0002,Ada, Unsafe ,safe,,3.1,SAMPLE\nitem-0001,Ada,refusal,,,,SAMPLE\nitem-0001,Bo,,unscored,,,SAMPLE\n"
    )
    assert read(tmp_path, text) == [
        ("b", "human:Ada", Aspect.CONTEXTUAL, Label.UNSAFE),
        ("b", "human:Ada", Aspect.INTRINSIC, Label.SAFE),
        ("a", "human:Ada", Aspect.CONTEXTUAL, Label.REFUSAL),
        ("a", "human:Bo", Aspect.INTRINSIC, Label.UNSCORED),
    ]


def test_a_spreadsheet_may_have_written_the_file(tmp_path: Path) -> None:
    text = (HEADER + "item-0001,Ada,safe,safe,,,SAMPLE\n").replace("\n", "\r\n")
    assert len(read(tmp_path, text, "utf-8-sig")) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("item,annotator\n", r"labels.csv: columns \['contextual', 'intrinsic', 'note', 'seconds'\] are missing"),
        (HEADER + "item-0003,Ada,safe,safe,,,SAMPLE\n", "line 2: item 'item-0003' is not in .*did you mean 'item-000"),
        (
            HEADER + "item-0001,Ada,safe,safe,,,SAMPLE\nitem-0001,Ada,safe,safe,,,SAMPLE\n",
            "line 3: .*'Ada' labels item 'item-0001' a second",
        ),
        (
            HEADER + "item-0001,Ada,usafe,safe,,,SAMPLE\n",
            "line 2: 'usafe' is not an? contextual label: did you mean 'unsafe'",
        ),
        (HEADER + "item-0001,Ada,safe,refusal,,,SAMPLE\n", "line 2: 'refusal' is not an? intrinsic label: "),
        (HEADER + "item-0001, ,safe,safe,,,SAMPLE\n", "line 2: the annotator has no name"),
        (HEADER + "item-0001,Ada,safe\n", "line 2: it does not have 7 cells"),
        (HEADER + "item-0001,Ada,safe,safe,,,SAMPLE,,,\n", "line 2: it does not have 7 cells"),
        ("", "columns .* are missing"),
    ],
)
def test_wrong_files_are_refused_with_the_row(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(WrongLabels, match=sentence):
        read(tmp_path, text)


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongLabels, match="cannot be read as a CSV file in UTF-8"):
        read(tmp_path, HEADER + "item-0001,Zoë,safe,safe,,,SAMPLE\n", "latin-1")


def test_a_missing_sample_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(HEADER)
    with pytest.raises(WrongLabels, match="sample.csv: not a sample that this program drew"):
        read_labels(tmp_path / "labels.csv", tmp_path / "sample.csv")


def labelled(folder: Path, sample: str, name: str, text: str) -> Path:
    (folder / "sample.csv").write_text(sample)
    path = folder / name
    path.write_text(text.replace("SAMPLE", sample_digest(folder / "sample.csv")))
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", HEADER + "item-0001,Ada,safe,safe,,,{}\n"),
        (
            "labels.json",
            '{{"sample": "{}", "labels": [{{"item": "item-0001", "annotator": "Ada", "contextual": "safe"}}]}}',
        ),
        ("export.json", '[{{"item": "item-0001", "sample": "{}", "annotator": 1, "contextual": "safe"}}]'),
    ],
)
def test_labels_of_another_sample_are_refused(tmp_path: Path, name: str, text: str) -> None:
    path = labelled(tmp_path, SAMPLE, name, text.format("SAMPLE"))
    assert read_labels(path, tmp_path / "sample.csv")
    for changed in (
        "item-0001,b,n\nitem-0002,a,m\n",
        "item-0001,a,m\n",
    ):  # drawn again: the same names, other responses
        (tmp_path / "sample.csv").write_text("item,instance,model\n" + changed)
        with pytest.raises(
            WrongLabels, match="1|2: it is a label of sample .* label the page that lies beside the sample"
        ):
            read_labels(path, tmp_path / "sample.csv")
    with pytest.raises(WrongLabels, match="of a sample that the file does not name"):
        read_labels(labelled(tmp_path, SAMPLE, name, text.format("")), tmp_path / "sample.csv")


def test_a_response_that_changed_makes_another_sample_and_a_weight_does_not(tmp_path: Path) -> None:
    digests = []
    for response, weight in (("aa", "1"), ("bb", "1"), ("aa", "2")):
        (tmp_path / "sample.csv").write_text(
            f"item,instance,model,response,weight\nitem-0001,a,m,{response},{weight}\n"
        )
        digests.append(sample_digest(tmp_path / "sample.csv"))
    assert digests[0] != digests[1] and digests[0] == digests[2]
