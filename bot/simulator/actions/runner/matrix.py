"""Expands `strategy.matrix` into its combinations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from bot.simulator.actions.expressions.values import are_equal, is_collection, to_text

MAX_JOBS = 256
"""GitHub's limit on the jobs of one matrix."""
MAX_ENTRIES = 4 * MAX_JOBS
"""Of a vector, of `include` and of `exclude`: each is held against all combinations."""

Combination = dict[str, Any]


class MatrixError(ValueError):
    """A matrix that makes no sense once its expressions are computed."""


def expand(matrix: Any) -> list[Combination]:
    """The combinations in GitHub's order: the product without `exclude`, then `include`."""
    if not isinstance(matrix, Mapping):
        raise MatrixError("The matrix is not a mapping")
    vectors = {k: _list(k, v) for k, v in matrix.items() if k not in ("include", "exclude")}
    size = 1
    for values in vectors.values():
        size *= len(values)
    if size > MAX_JOBS * 8:
        raise MatrixError(f"The matrix makes more than {MAX_JOBS} jobs")
    combinations = list(_product(vectors))
    for pattern in _list("exclude", matrix.get("exclude", [])):
        combinations = [c for c in combinations if not _matches(pattern, c)]
    result = _include(combinations, vectors, _list("include", matrix.get("include", [])))
    if not result:
        raise MatrixError("Matrix must define at least one vector")
    if len(result) > MAX_JOBS:
        raise MatrixError(f"The matrix makes {len(result)} jobs; the limit is {MAX_JOBS}")
    return result


def _list(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise MatrixError(f"Matrix vector '{key}' is not a sequence")
    if len(value) > MAX_ENTRIES:
        raise MatrixError(f"Matrix vector '{key}' has more than {MAX_ENTRIES:,} entries")
    return list(value)


def _product(vectors: Mapping[str, list[Any]]) -> Iterator[Combination]:
    if not vectors:
        return
    for values in itertools.product(*vectors.values()):
        yield dict(zip(vectors, values, strict=True))


def _matches(pattern: Any, combination: Combination) -> bool:
    if not isinstance(pattern, Mapping):
        raise MatrixError("An entry of `exclude` or `include` is not a mapping")
    return all(k in combination and _same(v, combination[k]) for k, v in pattern.items())


def _same(wanted: Any, value: Any) -> bool:
    """Mappings fit in part; scalars as `==` has it."""
    if isinstance(wanted, Mapping) and isinstance(value, Mapping):
        return all(k in value and _same(v, value[k]) for k, v in wanted.items())
    if is_collection(wanted) or is_collection(value):
        return bool(wanted == value)
    return are_equal(wanted, value)


def _include(
    combinations: list[Combination], vectors: Mapping[str, Any], entries: list[Any]
) -> list[Combination]:
    """An entry extends the combinations whose original values it leaves alone; where there is
    none, it becomes one of its own."""
    result = [dict(c) for c in combinations]
    added: list[Combination] = []
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise MatrixError("An entry of `exclude` or `include` is not a mapping")
        original = {k: v for k, v in entry.items() if k in vectors}
        fitting = [r for c, r in zip(combinations, result, strict=True) if _matches(original, c)]
        for combination in fitting:
            combination.update(entry)
        if not fitting:
            added.append(dict(entry))
    return result + added


def label(combination: Combination) -> str:
    """What stands behind the job's name in parentheses: `3.11, linux`."""
    return ", ".join(_flat(combination))


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _flat(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield to_text(value)
