"""UniSAFE (arXiv 2603.17476): one risk target asked in up to seven ways, from one sentence to four turns of editing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from unicost.benchmark.sources.pictures import pictures
from unicost.benchmark.sources.rows import Row, data_files, read_rows
from unicost.interfaces import Origin
from unicost.records import Construction, Image, Instance, Kind, Modality, Placement, Task, Turn
from unicost.registry import did_you_mean

SCENARIOS: Final = {
    "TI": "text to image",
    "IE": "editing of an image",
    "IC": "composition of two images",
    "MT": "editing in several turns",
    "TT": "text to text",
    "IT": "image and text to text",
    "MU": "understanding of an image",
}
"""Values of ``scenario_type``, as the data's documentation names them."""
_DRAWING: Final = frozenset({"TI", "IE", "IC", "MT"})
_PICTURES: Final = {"IE": 1, "IC": 2, "IT": 1, "MU": 1}
"""Pictures that a scenario needs; the others may have one."""
_FIELDS: Final = (
    "id",
    "category",
    "subcategory",
    "scenario_type",
    "instruction",
    "input_image",
    "input_image_b",
    "turns",
)


class UniSafe:
    """Source ``unisafe``. Option ``scenarios``: which of TI, IE, IC, MT, TT, IT, MU are asked (all by default).

    The family is the data's ``id``, which all scenarios of one risk target share; an instance is ``<id>-<scenario>``.
    The plain ways of asking are TI and TT; the same target in another task is task switching. Editing in several turns
    is one instance whose user turns follow each other: a model edits its own last picture. There are no benign twins.
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def __init__(self, scenarios: Sequence[str] = tuple(SCENARIOS)) -> None:
        for name in scenarios:
            if name not in SCENARIOS:
                raise ValueError(f"scenarios: unknown '{name}': {did_you_mean(str(name), list(SCENARIOS))}")
        self._scenarios = frozenset(scenarios)

    def instances(self, origin: Origin) -> Iterator[Instance]:
        """The wanted rows of both splits. Raises ``InvalidData`` naming file and row."""
        for file in data_files(origin.folder):
            for row in read_rows(file):
                if row.number == 1:
                    _check_columns(row)
                scenario = str(row.values["scenario_type"]).upper()
                if scenario not in SCENARIOS:
                    known = list(SCENARIOS)
                    raise row.problem(f"scenario_type '{scenario}' is unknown: {did_you_mean(scenario, known)}")
                if scenario in self._scenarios:
                    yield _instance(row, scenario, origin)


def _check_columns(row: Row) -> None:
    for name in _FIELDS:
        if name not in row.values:
            raise row.problem(f"no column '{name}': {did_you_mean(name, list(row.values))}; is this UniSAFE's data?")


def _instance(row: Row, scenario: str, origin: Origin) -> Instance:
    get = row.values.get
    try:
        shown = pictures(get("input_image"), origin.folder) + pictures(get("input_image_b"), origin.folder)
    except ValueError as error:
        raise row.problem(str(error)) from None
    if len(shown) < _PICTURES.get(scenario, 0):
        raise row.problem(f"scenario {scenario} needs {_PICTURES[scenario]} input images and it has {len(shown)}")
    turns = _turns(row, scenario, shown)
    return Instance(
        id=f"{get('id')}-{scenario}",
        family=str(get("id")),
        kind=Kind.UNSAFE,
        category=str(get("category")),
        leaf=str(get("subcategory") or get("category")),
        task=_task(scenario, bool(shown), bool(turns[0].text)),
        construction=Construction.PLAIN if scenario in ("TI", "TT") else Construction.TASK_SWITCHING,
        placement=_placement(scenario, bool(shown)),
        turns=turns,
        expected=Modality.IMAGE if scenario in _DRAWING else Modality.TEXT,
        intention=str(get("target") or get("unsafe_trigger") or ""),
        source=origin.dataset,
        licence=origin.licence,
    )


def _turns(row: Row, scenario: str, shown: tuple[Image, ...]) -> tuple[Turn, ...]:
    """One turn, or for editing in several turns all of them; the pictures belong to the first."""
    given: Any = row.values.get("turns")
    texts = [str(text) for text in given] if scenario == "MT" and given else [str(row.values.get("instruction") or "")]
    if scenario == "MT" and not given:
        raise row.problem("scenario MT needs its 'turns', a list of instructions, and it has none")
    if not any(texts) and not shown:
        raise row.problem("it has neither text nor image; an item asks something")
    return tuple(Turn("user", text, shown if number == 0 else ()) for number, text in enumerate(texts))


def _task(scenario: str, shown: bool, told: bool) -> Task:
    if scenario in _DRAWING:
        return Task.TEXT_IMAGE_TO_IMAGE if shown else Task.TEXT_TO_IMAGE
    if not shown:
        return Task.TEXT_TO_TEXT
    return Task.TEXT_IMAGE_TO_TEXT if told else Task.IMAGE_TO_TEXT


def _placement(scenario: str, shown: bool) -> Placement:
    """Two harmless pictures make harm together; one picture and its text both carry it; words alone, the text."""
    if scenario == "IC":
        return Placement.COMPOSITE
    return Placement.DUAL if shown else Placement.TEXT
