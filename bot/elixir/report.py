"""From what a rule's check yields to findings and exempted sites, quoted from their files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from bot.core.finding import Evidence, Exempted, Finding
from bot.elixir.outline import Module
from bot.elixir.rules.base import Exempt, Rule, Site, Span
from bot.elixir.source import Source

Opened = Callable[[str], tuple[Source, Sequence[Module]]]
"""A file and its modules by path."""


def sort_out(
    rule: Rule,
    results: Iterable[Site | Exempt],
    opened: Opened,
    findings: list[Finding],
    exempted: list[Exempted],
) -> None:
    """Add what a check yields to the findings and to the exempted sites."""
    for result in results:
        source, modules = opened(result.span.path)
        if isinstance(result, Site):
            findings.append(_finding(rule, result, source, modules, opened))
        else:
            first, last, code = _quoted(source, result.span)
            reason = rule.exemption(result.exemption).reason
            exempted.append(
                Exempted(
                    rule=rule.id, exemption=result.exemption, reason=reason,
                    path=source.path, line=first, end_line=last, code=code,
                )
            )  # fmt: skip


def _quoted(source: Source, span: Span) -> tuple[int, int, str]:
    first, last = source.line(span.start), source.line(max(span.start, span.end - 1))
    return first, last, source.quote(first, last)


def _finding(
    rule: Rule, site: Site, source: Source, modules: Sequence[Module], opened: Opened
) -> Finding:
    first, last, code = _quoted(source, site.span)
    module, function = _scope_at(modules, site.span.start)
    return Finding(
        id=_identity(rule.id, source.path, module, function, code),
        rule=rule.id,
        category=rule.category,
        stage=rule.stage,
        severity=site.severity or rule.severity,
        confidence=site.confidence or rule.confidence,
        fix=site.fix or rule.fix,
        path=source.path,
        line=first,
        end_line=last,
        column=source.column(site.span.start),
        start_byte=site.span.start,
        end_byte=site.span.end,
        module=module,
        function=function,
        message=site.message,
        code=code,
        evidence=tuple(_evidence(b.span, b.note, opened(b.span.path)[0]) for b in site.because),
        data=dict(site.data),
    )


def _evidence(span: Span, note: str, source: Source) -> Evidence:
    first, last, code = _quoted(source, span)
    return Evidence(path=source.path, line=first, end_line=last, code=code, note=note)


def _identity(rule: str, path: str, module: str, function: str, code: str) -> str:
    normal = " ".join(code.split())
    digest = hashlib.sha256("\0".join((rule, path, module, function, normal)).encode()).hexdigest()
    return f"{rule}-{digest[:10]}"


def _scope_at(modules: Sequence[Module], byte: int) -> tuple[str, str]:
    owner: Module | None = None
    for module in modules:
        if module.node.start_byte <= byte < module.node.end_byte:
            owner = module
    if owner is None:
        return "", ""
    clause = owner.clause_at(byte)
    return owner.name, clause.function.label if clause is not None else ""
