"""A download that the disk cannot hold is refused before it starts; files at fixed addresses have theirs elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.data.fetching import fetch_all
from tests.data.hub import Repository, hub

ENTRY = {
    "source": "hub",
    "taxonomy": "seed",
    "licence": "MIT",
    "download": {"repository": "org/small", "revision": "main", "files": ["*.jsonl"]},
    "options": {"columns": {"text": "text"}, "constants": {"category": "Bias"}},
}
FILES = {"first.jsonl": b"x" * 300_000, "second.jsonl": b"y" * 700_000, "not_needed.bin": b"z" * 5_000_000}


def test_a_full_disk_is_named_before_anything_comes(tmp_path: Path) -> None:
    cache, manifests = tmp_path / "home" / "hub", tmp_path / "data"
    with hub(small=Repository(FILES)) as served:
        place = {"HF_ENDPOINT": served.address, "HF_HOME": str(tmp_path / "home")}
        refused = fetch_all({"small": ENTRY}, manifests, free=1_050_000, **place)["small"]
        assert refused == (
            f"dataset 'small' needs 1.10MB in {cache} and 1.05MB are free; make room or set HF_HOME to a larger disk"
        )
        assert fetch_all({"small": ENTRY}, manifests, look=True, free=1_050_000, **place)["small"] == refused
        assert not served.bodies("first.jsonl") and not manifests.exists() and not cache.exists()
        assert fetch_all({"small": ENTRY}, manifests, free=1_200_000, **place)["small"] is None


def test_what_is_in_the_cache_needs_no_room(tmp_path: Path) -> None:
    with hub(small=Repository(FILES)) as served:
        place = {"HF_ENDPOINT": served.address, "HF_HOME": str(tmp_path / "home")}
        assert fetch_all({"small": ENTRY}, tmp_path / "data", **place)["small"] is None
        assert fetch_all({"small": ENTRY}, tmp_path / "data", free=1000, **place)["small"] is None
