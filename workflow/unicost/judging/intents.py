"""Stage ``extract_intents``: what each request is after, and how that was found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unicost.progress import track
from unicost.records import Instance
from unicost.store import iterate_records, write_records

GIVEN, LAST_USER_TURN = "given", "last_user_turn"


@dataclass(frozen=True)
class Intent:
    """The intention of one instance; ``extractor`` is ``given`` (by the benchmark) or ``last_user_turn``."""

    instance: str
    intention: str
    extractor: str


def intent_of(instance: Instance) -> Intent:
    """The intention that the benchmark states, else the text of the last user turn that has one.

    Raises ``ValueError`` where there is neither.
    """
    if instance.intention.strip():
        return Intent(instance.id, instance.intention.strip(), GIVEN)
    for turn in reversed(instance.turns):
        if turn.role == "user" and turn.text.strip():
            return Intent(instance.id, turn.text.strip(), LAST_USER_TURN)
    raise ValueError(
        f"instance '{instance.id}' states no intention and no user turn of it has text; give it an 'intention'"
    )


def extract_intents(*, benchmark: Path, output: Path) -> None:
    """Write an ``Intent`` row for every instance of the benchmark, in its order."""
    write_records(output, _intents(benchmark), Intent)


def _intents(benchmark: Path) -> Iterator[Intent]:
    instances = list(iterate_records(benchmark, Instance))
    yield from map(intent_of, track(instances, len(instances), "extract intents", "instance"))
