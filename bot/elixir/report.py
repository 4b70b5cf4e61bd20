"""From what a rule's check yields to findings and exempted sites, quoted from their files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bot.core.finding import Evidence, Exempted, Finding, Note
from bot.elixir.outline import Module
from bot.elixir.rules.base import Exempt, Rule, Site, Span
from bot.elixir.source import Source
from bot.elixir.time_limit import TookTooLong, limited

Opened = Callable[[str], tuple[Source, Sequence[Module]]]
"""A file and its modules by path."""


@dataclass(frozen=True)
class Report:
    """What checks said, sorted."""

    findings: list[Finding] = field(default_factory=list)
    exempted: list[Exempted] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def take(
        self, rule: Rule, results: Iterable[Site | Exempt], opened: Opened, path: str = "."
    ) -> None:
        """Add what a check yields; it looked at the path, or at the whole project.

        A check that takes too long is left at what it has said so far, with a note.
        """
        try:
            with limited():
                for result in results:
                    self._add(rule, result, opened)
        except TookTooLong:
            message = f"{rule.id} took too long here and was stopped; it may have missed something"
            self.notes.append(Note(path=path, kind="unfinished", message=message))

    def _add(self, rule: Rule, result: Site | Exempt, opened: Opened) -> None:
        source, modules = opened(result.span.path)
        if isinstance(result, Site):
            self.findings.append(_finding(rule, result, source, modules, opened))
        else:
            first, last, code = _quoted(source, result.span)
            reason = rule.exemption(result.exemption).reason
            self.exempted.append(
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
