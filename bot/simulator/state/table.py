"""A table: records by id, found by keys, noted in the journal when saved."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Generic, TypeVar

from pydantic import ValidationError

from bot.simulator.records.record import Record
from bot.simulator.state.journal import Journal, StateUnusable

R = TypeVar("R", bound=Record)
Key = Callable[[R], Hashable]


class Table(Generic[R]):
    """Records of one kind. `keys` name the ways to find them: `where("issue", 7)`.

    Raises:
        StateUnusable: a row was written by another version.
    """

    def __init__(self, kind: type[R], journal: Journal, **keys: Key[R]) -> None:
        self._name = kind.__name__
        self._journal = journal
        self._rows: dict[int, R] = {}
        self._keys = keys
        self._found: dict[str, dict[Hashable, dict[int, R]]] = {name: {} for name in keys}
        self._filed: dict[int, dict[str, Hashable]] = {}
        try:
            for body in journal.rows(self._name):
                self._file(kind.model_validate_json(body))
        except ValidationError as error:
            raise StateUnusable(
                f"the state holds a {self._name} that this version does not understand: name"
                " another folder, or start with --fresh to lose it"
            ) from error

    def add(self, row: R) -> R:
        if row.id in self._rows:
            raise KeyError(f"{self._name} {row.id} is there already")
        return self.save(row)

    def save(self, row: R) -> R:
        """Keeps the row as it now is; until then a change is in memory only."""
        self._file(row)
        self._journal.put(self._name, row)
        return row

    def remove(self, row: R) -> None:
        self._unfile(row, self._filed.pop(row.id))
        del self._rows[row.id]
        self._journal.drop(self._name, row.id)

    def get(self, id: int | None) -> R | None:
        return None if id is None else self._rows.get(id)

    def __getitem__(self, id: int) -> R:
        return self._rows[id]

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def where(self, key: str, value: Hashable) -> list[R]:
        """In the order in which they were filed."""
        return list(self._found[key].get(value, {}).values())

    def count(self, key: str, value: Hashable) -> int:
        return len(self._found[key].get(value, {}))

    def one(self, key: str, value: Hashable) -> R | None:
        return next(iter(self._found[key].get(value, {}).values()), None)

    def _file(self, row: R) -> None:
        """Where its keys have not changed, it keeps its place."""
        keys = {name: key(row) for name, key in self._keys.items()}
        filed = self._filed.get(row.id, {})
        self._unfile(row, {name: old for name, old in filed.items() if old != keys[name]})
        self._rows[row.id] = row
        self._filed[row.id] = keys
        for name, value in keys.items():
            self._found[name].setdefault(value, {})[row.id] = row

    def _unfile(self, row: R, keys: Mapping[str, Hashable]) -> None:
        for name, value in keys.items():
            found = self._found[name][value]
            del found[row.id]
            if not found:
                del self._found[name][value]
