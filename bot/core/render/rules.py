"""Rules for people: a list, and one rule in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from bot.core.render.paint import Paint, plain

WIDTH = 96


def listing(rules: Sequence[Mapping[str, Any]], paint: Paint = plain) -> str:
    """One line per rule, by stage."""
    width = max((len(r["id"]) for r in rules), default=0)
    return "\n".join(
        f"{paint(r['id'].ljust(width), 'bold')}  stage {r['stage']}  {r['severity']:<7} "
        f" {r['fix']:<9}  {r['title']}"
        for r in sorted(rules, key=lambda r: (r["stage"], r["id"]))
    )


def as_text(rule: Mapping[str, Any], paint: Paint = plain) -> str:
    """Everything about one rule."""
    head = f"{paint(rule['id'], 'bold')}: {rule['title']}"
    facts = (
        f"stage {rule['stage']}, {rule['category']}, {rule['severity']}, {rule['confidence']}"
        f" confidence, fix: {rule['fix']}"
    )
    parts = [head, facts, "", _wrapped(rule["explanation"]), ""]
    parts += [paint("Why it is harmful", "bold"), _wrapped(rule["harm"]), ""]
    parts += [paint("How to fix it", "bold"), _wrapped(rule["remedy"]), ""]
    parts += [paint("Found", "bold"), *_samples(rule["bad"][:1])]
    parts += [paint("Not found", "bold"), *_samples(rule["good"][:1])]
    if rule["exemptions"]:
        parts.append(paint("Left alone", "bold"))
        parts += [
            fill(f"- {e['name']}: {e['reason']}", WIDTH, subsequent_indent="  ")
            for e in rule["exemptions"]
        ]
        parts.append("")
    if rule["limits"]:
        parts.append(paint("Limits", "bold"))
        parts += [f"- {x['name']}, {x['value']}: {x['about']}" for x in rule["limits"]]
        parts.append("")
    parts += [paint("How to suppress it", "bold"), *suppression(rule["id"], rule["ignore"])]
    return "\n".join(parts).rstrip()


def suppression(rule: str, comment: str) -> list[str]:
    """The three ways to leave findings of a rule out, as lines."""
    return [
        "- one place, on its line or the line above:",
        f"    {comment}",
        "- files, or all of it, in .github/otp-genesis.yml:",
        f"    analysis: {{rules: {{{rule}: {{exclude: [lib/some/path/**]}}}}}}",
        f"    analysis: {{rules: {{{rule}: off}}}}",
        "- what is there today, and nothing new: `genesis analyze --write-baseline FILE`, then"
        " `--baseline FILE`",
    ]


def _wrapped(text: str) -> str:
    return "\n".join(fill(line, WIDTH) for line in text.splitlines())


def _samples(samples: Sequence[Mapping[str, str]]) -> list[str]:
    lines = []
    for sample in samples:
        for code in sample.values():
            lines += [*(f"    {line}".rstrip() for line in code.rstrip().splitlines()), ""]
    return lines
