"""A fingerprint of the whole state, to see whether anything has changed."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from bot.simulator.state.table import Table
from bot.simulator.state.tables import Tables


@dataclass(frozen=True)
class Digest:
    rows: int
    hash: str


def digests(tables: Tables) -> dict[str, Digest]:
    """Of each table by its name, over its rows in the order of their ids."""
    found = {name: value for name, value in vars(tables).items() if isinstance(value, Table)}
    return {name: _digest(table) for name, table in sorted(found.items())}


def _digest(table: Table[Any]) -> Digest:
    total = sha256()
    for row in sorted(table, key=lambda row: row.id):
        total.update(row.model_dump_json().encode() + b"\n")
    return Digest(len(table), total.hexdigest())
