"""A table of figures with one column for each directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table


def by_directory(title: str, columns: Sequence[tuple[str, Mapping[str, str]]]) -> Table:
    """Columns by name; their keys name the rows."""
    shown = Table(title=title)
    shown.add_column("")
    for name, _ in columns:
        shown.add_column(name, justify="right", overflow="fold")
    for row in columns[0][1]:
        shown.add_row(row, *(column[row] for _, column in columns))
    return shown
