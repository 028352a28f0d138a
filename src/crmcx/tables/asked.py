"""The answer to a question in SQL over the tables of a workspace."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from attrs import frozen

from crmcx import engines
from crmcx._html import html_table

_PAGE = 100


@frozen(repr=False)
class AskedTable:
    """The answer to a question: a table that functions take as they take any frame. Prints as its columns."""

    relation: Any
    """The DuckDB relation, for work of your own; it is computed when it is read."""
    snapshot: str
    """Id of the snapshot that was asked."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns in order."""
        return tuple(self.relation.columns)

    def rows(self) -> list[dict[str, Any]]:
        """All rows as dictionaries; for small answers.

        Raises:
            UsageError: It cannot be computed; DuckDB's own words are kept back, since they may hold values.
            StoreError: The snapshot that was asked has ended.
        """
        with engines.explained():
            return engines.rows(engines.to_lazy(self.relation))

    @property
    def _caption(self) -> str:
        return f"answer from snapshot {self.snapshot}: {len(self.columns)} columns"

    def __repr__(self) -> str:
        return "\n".join([self._caption, *fill(", ".join(self.columns), _PAGE, break_on_hyphens=False).splitlines()])

    def _repr_html_(self) -> str:
        types = [str(dtype) for dtype in self.relation.types]
        return html_table(["column", "type"], list(zip(self.columns, types, strict=True)), self._caption)
