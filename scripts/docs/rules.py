"""A page for each rule, from the rule itself, and one that lists them."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.plan import STAGE_TITLES
from bot.core.render.markdown import fence, table
from bot.elixir.ignoring import example
from bot.elixir.rules import all_rules
from bot.elixir.rules.base import Rule, Sample

LIST = "rules/index.md"
STAGES = {n: title.partition(" (")[0] for n, title in STAGE_TITLES.items() if n < 5}
"""Stage 5 has no rules: what is rolled out follows from the others."""
FIXES = {
    "automatic": "Genesis makes this change itself where it can prove what it keeps; elsewhere it"
    " asks or advises.",
    "assisted": "Genesis prepares the change and asks the question a person has to answer.",
    "advice": "Genesis tells the place and what to think about; the change is a person's, or a"
    " model's where one is set up.",
}


def page_of(rule: Rule) -> str:
    """Where its page is, below the docs."""
    return f"rules/{rule.id}.md"


def by_stage() -> list[dict[str, list[str]]]:
    """The pages of rules as the menu has them."""
    return [
        {title: [page_of(rule) for rule in all_rules() if rule.stage == stage]}
        for stage, title in STAGES.items()
    ]


def listing() -> str:
    """All rules by stage."""
    rows = [
        (f"[`{r.id}`]({r.id}.md)", r.title, str(r.stage), r.severity, r.fix)
        for r in sorted(all_rules(), key=lambda r: (r.stage, r.id))
    ]
    fixes = [f"- *{kind}*: {text}" for kind, text in FIXES.items()]
    return "\n\n".join(
        [
            "# Rules",
            "What Genesis looks for. The same in the terminal: `genesis explain`, and"
            " `genesis explain RULE` for one of them.",
            table(("rule", "what it finds", "stage", "severity", "fix"), rows),
            "The kind of fix is the strongest a rule has; a single finding may get a weaker one.",
            "\n".join(fixes),
        ]
    )


def page(rule: Rule) -> str:
    """What `genesis explain RULE` says, with every sample."""
    return "\n\n".join(_parts(rule)) + "\n"


def _parts(rule: Rule) -> Iterator[str]:
    yield f"# {rule.title}"
    yield table(
        ("rule", "stage", "category", "severity", "confidence", "fix"),
        [
            (
                f"`{rule.id}`",
                f"{rule.stage}, {STAGES[rule.stage].lower()}",
                rule.category,
                rule.severity,
                rule.confidence,
                rule.fix,
            )
        ],
    )
    yield rule.explanation
    yield f"## Why it is harmful\n\n{rule.harm}"
    yield f"## How to fix it\n\n{rule.remedy}"
    yield f"**{rule.fix.capitalize()}.** {FIXES[rule.fix]}"
    yield "## Found"
    yield from _samples(rule.bad)
    yield "## Not found"
    yield from _samples(rule.good)
    if rule.exemptions:
        yield "## Left alone"
        yield "It looks like the pattern and is none; a plan lists these places by these names."
        yield table(("exemption", "why"), [(f"`{e.name}`", e.reason) for e in rule.exemptions])
    if rule.limits:
        yield "## Limits"
        yield table(
            ("limit", "default", "what is counted"),
            [(f"`{x.name}`", str(x.value), x.about) for x in rule.limits],
        )
    yield "## How to suppress it"
    yield "One place, on its line or the line above, always with a reason:"
    yield fence(example(rule.id), "elixir")
    yield "In some files, or everywhere, or with another severity, in `.github/otp-genesis.yml`:"
    yield fence(_setting(rule), "yaml")
    yield (
        "What is there today and nothing new: a baseline. All of it is told under"
        " [analysing](../analysing.md)."
    )


def _setting(rule: Rule) -> str:
    limits = ", ".join(f"{x.name}: {x.value}" for x in rule.limits)
    lines = [
        "analysis:",
        "  rules:",
        f"    {rule.id}:",
        "      severity: info # or error, warning, off",
        "      exclude: [lib/some/path/**]",
        *([f"      limits: {{{limits}}}"] if limits else []),
    ]
    return "\n".join(lines)


def _samples(samples: tuple[Sample, ...]) -> Iterator[str]:
    for sample in samples:
        # One file alone needs no name; `mix.exs` and the like do.
        alone = sample.tree().keys() == {Sample.path}
        for path, text in sample.tree().items():
            yield fence(text, "elixir" if alone else f'elixir title="{path}"')
