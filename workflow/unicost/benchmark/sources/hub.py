"""Any downloaded dataset, by a mapping of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from unicost.benchmark.sources.mapping import FieldMapping
from unicost.benchmark.sources.rows import data_files, read_rows
from unicost.interfaces import Origin
from unicost.records import Instance


class Hub:
    """Source ``hub``. Options: ``files`` (patterns; all files of rows by default), ``columns``, ``constants``,
    ``values``, ``where`` (see ``FieldMapping``).

    Rows without an id are named after their file and number, which hold as long as the revision does.
    """

    version: ClassVar[int] = 1
    reads_files: ClassVar[bool] = True

    def __init__(
        self,
        files: Sequence[str] = (),
        columns: Mapping[str, Any] | None = None,
        constants: Mapping[str, Any] | None = None,
        values: Mapping[str, Mapping[Any, Any]] | None = None,
        where: Mapping[str, list[Any]] | None = None,
    ) -> None:
        if isinstance(files, str):
            raise ValueError(f"files must be a list, such as [{files}]")
        self._files = tuple(files)
        self._mapping = FieldMapping(columns or {}, constants or {}, values or {}, where or {})

    def instances(self, origin: Origin) -> Iterator[Instance]:
        """The mapped rows, file after file. Raises ``InvalidData``."""
        for file in data_files(origin.folder, self._files):
            yield from self._mapping.instances(read_rows(file), origin)
