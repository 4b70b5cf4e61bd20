"""Between CSV, JSON, YAML and XML. What one form cannot hold is an error, never left out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import yaml

from bot.errors import ConfigError, Unusable
from bot.pipeline.data.xml_data import from_xml, to_xml
from bot.pipeline.language.file_steps import FileOptions
from bot.strict_yaml import parse

MAX_CHARACTERS = 20_000_000


def converted(text: str, conversion: str, options: FileOptions, *, path: str) -> str:
    """The text in the other form; raises `Unusable` where it is wrong or does not fit."""
    if len(text) > MAX_CHARACTERS:
        raise Unusable(f"{path!r} is larger than {MAX_CHARACTERS:,} characters")
    read, _, write = conversion.partition("_to_")
    try:
        return _WRITERS[write](_READERS[read](text, options), options)
    except ConfigError as error:
        raise Unusable(error.message) from error
    except (ValueError, csv.Error) as error:
        raise Unusable(f"{path!r} cannot be converted: {error}") from error
    except RecursionError as error:
        raise Unusable(f"{path!r} cannot be converted: it is nested too deeply") from error


def strict_json(text: str) -> Any:
    """JSON as the standard has it; raises `ValueError`, also for a key given twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            raise ValueError(f"key {max(keys, key=keys.count)!r} is given twice")
        return found

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)


def _read_csv(text: str, options: FileOptions) -> list[Any]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=options.csv_delimiter, strict=True)
    rows = [(reader.line_num, row) for row in reader if row]
    if not options.csv_headers:
        return [row for _, row in rows]
    if not rows:
        return []
    names = rows[0][1]
    if len(set(names)) < len(names):
        raise ValueError(f"two columns are called {max(names, key=names.count)!r}")
    for line, row in rows[1:]:
        if len(row) != len(names):
            raise ValueError(f"line {line} has {len(row)} fields, the first row has {len(names)}")
    return [dict(zip(names, row, strict=True)) for _, row in rows[1:]]


def _write_csv(data: Any, options: FileOptions) -> str:
    if not isinstance(data, list):
        raise ValueError("CSV holds a list of maps or of lists")
    if all(isinstance(row, dict) for row in data):
        names = list(dict.fromkeys(name for row in data for name in row))
        head = [names] if options.csv_headers and names else []
        rows = [*head, *([_cell(row.get(name)) for name in names] for row in data)]
    elif all(isinstance(row, list) for row in data):
        rows = [[_cell(value) for value in row] for row in data]
    else:
        raise ValueError("CSV holds a list of maps or of lists, not both")
    return "".join(_line(row, options.csv_delimiter) for row in rows)


def _line(cells: list[str], delimiter: str) -> str:
    """One row. Python's own writer leaves a lone carriage return bare, which ends a row."""
    special = (delimiter, '"', "\n", "\r")
    quoted = [
        '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in special) else cell
        for cell in cells
    ]
    return (delimiter.join(quoted) if quoted != [""] else '""') + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _write_json(data: Any, options: FileOptions) -> str:
    text = json.dumps(data, ensure_ascii=False, indent=options.json_indent or None, allow_nan=False)
    return text + "\n"


def _write_yaml(data: Any, _: FileOptions) -> str:
    text: str = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100)
    return text


_READERS: dict[str, Callable[[str, FileOptions], Any]] = {
    "csv": _read_csv,
    "json": lambda text, _: strict_json(text),
    "yaml": lambda text, _: parse(text, path="the YAML").value,
    "xml": lambda text, _: from_xml(text),
}
_WRITERS: dict[str, Callable[[Any, FileOptions], str]] = {
    "csv": _write_csv,
    "json": _write_json,
    "yaml": _write_yaml,
    "xml": lambda data, _: to_xml(data),
}
