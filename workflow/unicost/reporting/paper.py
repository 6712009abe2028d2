"""Compiles the paper with typst: its sources, the numbers and the figures, gathered in one folder."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from unicost.store import atomic


class PaperError(ValueError):
    """The paper does not compile; the message says in one sentence what is missing or wrong."""


def compile(source_dir: Path, numbers: Path, figures: Mapping[str, Path], output: Path) -> None:
    """Compile ``source_dir/main.typ`` to the PDF ``output``.

    ``numbers`` is the file that ``numbers.write_numbers`` wrote, ``figures`` the folder of SVG files of each study.
    Equal inputs give equal bytes: no date, only the fonts in the typst wheel. Raises ``PaperError``.
    """
    import typst

    with tempfile.TemporaryDirectory(prefix="unicost-paper-") as folder:
        root = Path(folder)
        _gather(root, source_dir, numbers, figures)
        try:
            pdf = typst.compile(root / "main.typ", root=root, format="pdf", ignore_system_fonts=True, timestamp=0)
        except (typst.TypstError, RuntimeError) as error:
            raise PaperError(_explain(str(error), source_dir, numbers)) from None
    with atomic(output, "wb") as stream:
        stream.write(pdf)


def _gather(root: Path, source_dir: Path, numbers: Path, figures: Mapping[str, Path]) -> None:
    """Lay out what ``main.typ`` reads: the sources, numbers.json and figures/<study>/<name>.svg."""
    if not (source_dir / "main.typ").exists():
        raise PaperError(f"{source_dir}: no main.typ there; it should be the folder of the paper's sources")
    if not numbers.exists():
        raise PaperError(f"{numbers}: no such file; the rule that writes the numbers has not run")
    shutil.copytree(source_dir, root, dirs_exist_ok=True)
    shutil.copyfile(numbers, root / "numbers.json")
    for study, folder in figures.items():
        (root / "figures" / study).mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.glob("*.svg")):
            shutil.copyfile(path, root / "figures" / study / path.name)


def _explain(error: str, source_dir: Path, numbers: Path) -> str:
    """One sentence for the two usual faults, and typst's own first line for any other."""
    number = re.search(r"missing number: ([\w./+-]+)", error)
    if number:
        return f"{numbers}: no number '{number[1]}', which the paper in {source_dir} uses; run the statistics again"
    figure = re.search(r"file not found \(searched at [^)]*?(figures/[\w./-]+)\)", error)
    if figure:
        return f"no figure '{figure[1]}', which the paper in {source_dir} shows; run the figures again"
    return f"the paper in {source_dir} does not compile: {error.strip().splitlines()[0]}"
