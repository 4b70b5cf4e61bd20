"""`genesis models`: who may be asked, under which names, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.analysis import JsonFlag
from bot.cli.output import screen
from bot.core.sanitize import one_line

if TYPE_CHECKING:
    from bot.core.render.paint import Paint
    from bot.llm.prices import Prices
    from bot.llm.providers import Checked
    from bot.settings import Settings, Vendor

Row = Mapping[str, Any]

_HEAD = ("provider", "key", "asked", "model", "price")


def models(
    check: Annotated[
        bool, typer.Option("--check", help="Ask each vendor in use whether it has its model.")
    ] = False,
    json_: JsonFlag = False,
) -> None:
    """Show which models may be asked, in which order, and what they cost. Keys are never shown."""
    from bot.llm.prices import Prices
    from bot.llm.providers import vendors_in_use
    from bot.settings import VENDORS, load_settings

    screen.machine = json_
    settings = load_settings()
    prices = Prices.load(settings.prices_file)
    order = vendors_in_use(settings)
    checked = {c.vendor: c for c in _ask(settings, prices)} if check else {}
    rows = [_row(settings, prices, v, order, checked.get(v)) for v in VENDORS]
    screen.data({"provider": settings.model_provider, "models": rows})
    screen.say(_text(rows, screen.paint))
    if not order:
        screen.note(_why_none(settings))
    errors = [c.error for c in checked.values() if c.error is not None]
    if errors:
        raise SystemExit(int(errors[0].exit_code))


def _ask(settings: Settings, prices: Prices) -> tuple[Checked, ...]:
    from bot.llm.offline import OfflineModel
    from bot.llm.providers import ask_about, open_models

    return ask_about(open_models(settings, offline=OfflineModel(), prices=prices))


def _why_none(settings: Settings) -> str:
    from bot.settings import API_KEYS

    if settings.model_provider == "offline":
        return "GENESIS_MODEL_PROVIDER is offline: only the embedded model is asked"
    return f"no key is set ({', '.join(API_KEYS.values())}): only the embedded model is asked"


def _row(
    settings: Settings,
    prices: Prices,
    vendor: Vendor,
    order: Sequence[Vendor],
    checked: Checked | None,
) -> Row:
    from bot.llm.catalog import catalog
    from bot.llm.providers import configured_model

    model = configured_model(settings, vendor)
    price = prices.find(model) if prices.rate(model) is not None else None
    aliases = catalog().of(vendor).aliases
    return {
        "name": vendor,
        "key": settings.vendor(vendor).key is not None,
        "asked": order.index(vendor) + 1 if vendor in order else None,
        "model": model,
        "base_url": settings.vendor(vendor).base_url,
        "price": price.model_dump(mode="json") if price is not None else None,
        "price_line": prices.line(model),
        "short_names": [
            {"name": alias, "model": name, "price_line": prices.line(name)}
            for alias, name in sorted(aliases.items())
        ],
        "check": _outcome(checked) if checked is not None else None,
    }


def _outcome(checked: Checked) -> Mapping[str, Any]:
    if checked.error is not None:
        message, hint = checked.error.message, checked.error.hint
        return {"ok": False, "reached": checked.reached, "message": message, "hint": hint}
    info = checked.info
    assert info is not None, "without an error there is an answer"
    parts = [f"{info.name} is there"]
    if info.max_input_tokens is not None:
        parts.append(f"reads {info.max_input_tokens:,} tokens")
    if info.max_output_tokens is not None:
        parts.append(f"writes {info.max_output_tokens:,}")
    parts += filter(None, (info.lifecycle, f"ends {info.retires_on}" if info.retires_on else ""))
    return {"ok": True, "reached": True, "message": ", ".join(parts), "hint": ""}


def _text(rows: Sequence[Row], paint: Paint) -> str:
    first = "no" if any(row["asked"] for row in rows) else "first"
    offline = ("offline", "needs none", first, "embedded", "nothing")
    head, *lines = _aligned([_HEAD, *(_cells(row) for row in rows), offline])
    text = [paint(head, "bold")]
    for line, more in zip(lines, [*(_below(row, paint) for row in rows), []], strict=True):
        text += [line, *more]
    named = [(n["name"], n["model"], n["price_line"]) for row in rows for n in row["short_names"]]
    head, *lines = _aligned([("short name", "model", "price"), *named])
    return "\n".join([*text, "", paint(head, "bold"), *lines])


def _cells(row: Row) -> tuple[str, ...]:
    key = "set" if row["key"] else "not set"
    asked = {None: "no", 1: "first", 2: "second"}[row["asked"]]
    return row["name"], key, asked, row["model"], row["price_line"]


def _below(row: Row, paint: Paint) -> list[str]:
    lines = [f"  asked at {row['base_url']}"] if row["base_url"] else []
    if row["check"] is not None:
        good, said = row["check"]["ok"], one_line(row["check"]["message"])
        lines.append(f"  {paint('checked:', 'green' if good else 'red')} {said}")
        if row["check"]["hint"]:
            lines.append(f"    next: {one_line(row['check']['hint'])}")
    return lines


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
