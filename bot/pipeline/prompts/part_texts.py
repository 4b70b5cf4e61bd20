"""What a prompt part puts before the model. Whatever is quoted is data, never a template."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.finding import SEVERITIES, Finding
from bot.core.ports import Workspace
from bot.errors import Refused, Unusable
from bot.llm.types import Message, Part
from bot.pipeline.context import StepContext
from bot.pipeline.expressions.expr import ExpressionError, render
from bot.pipeline.expressions.texts import texts
from bot.pipeline.language.parts import (
    CodebasePart,
    FilePart,
    FindingsPart,
    PreviousResponsePart,
    SessionContextPart,
)
from bot.pipeline.prompts.shown import shown
from bot.strict_yaml import read_text

MAX_FILES = 500
"""Of one part; a prompt that quotes more wants a `codebase` part."""

_SEGMENT = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+|\*)\]")
_GLOB = re.compile(r"[*?\[]")
_BRIEF = ("id", "rule", "severity", "path", "line", "end_line", "message", "code")


@dataclass(frozen=True)
class Quoting:
    """One step's way to what its prompt quotes."""

    step: str
    context: StepContext

    def file(self, part: FilePart, injected: Mapping[str, str]) -> tuple[Part, ...]:
        """A file, the files of a directory or a glob, or a prompt template filled in."""
        if part.variables is not None:
            return (self._template(part, injected),)
        path = self.context.render(part.path).strip()
        if not path:
            raise Unusable(
                f"step {self.step!r}: the path of its file part is empty",
                hint=f"it is {part.path!r}",
            )
        return tuple(_cut_files(self._files(path), part.max_length))

    def response(self, part: PreviousResponsePart) -> Part:
        """What a step answered, or the piece of its data that is asked for."""
        result = self.context.scope.step(part.source)
        if result is None or result.status == "skipped":
            what = "has not run" if result is None else "was skipped"
            raise ExpressionError(
                f"step {self.step!r} refers to step {part.source!r}, which {what}"
            )
        data, text = result.data, result.text
        if part.extract:
            data = extract(data, part.extract, step=part.source)
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=2)
        if (readable := shown(data)) != data:
            text = json.dumps(readable, ensure_ascii=False, indent=2)
        return cut(Part("response", text, name=part.source, data=data), part.max_length)

    def session(self, part: SessionContextPart, own: str) -> tuple[Part, ...]:
        """What was said in a session; nothing where the step's own begins only now."""
        name = self.context.render(part.session_id)
        said = self.context.run.sessions.history(name)
        if not said and name != own:
            known = ", ".join(n for n in self.context.run.sessions.names() if n != name) or "none"
            raise Unusable(
                f"step {self.step!r}: nothing was said in a session {name!r}",
                hint=f"sessions of this run: {known}",
            )
        last = said if part.include_last_n is None else said[-part.include_last_n :]
        return (Part("session", transcript(last), name=name),) if last else ()

    def findings(self, part: FindingsPart) -> Part:
        """What the analyser says, the most severe first where not all may be told."""
        found = self._findings(
            texts(part.rules, self.context, field="rules"),
            texts(part.paths, self.context, field="paths"),
        )
        kept = found
        if part.max_findings is not None and len(found) > part.max_findings:
            kept = tuple(sorted(found, key=_rank)[: part.max_findings])
        data = [finding.model_dump(mode="json", include=set(_BRIEF)) for finding in kept]
        lines = [json.dumps(entry, ensure_ascii=False) for entry in data]
        if len(kept) < len(found):
            lines.append(f"[{len(found) - len(kept)} less severe findings were left out]")
        return Part("findings", "\n".join(lines) or "no findings", name="analyser", data=data)

    def codebase(self, part: CodebasePart) -> tuple[Part, ...]:
        """The outline of the code base, then the files asked for in full."""
        outline = Part("codebase", self._workspace().skeleton(max_tokens=part.max_tokens))
        paths = texts(part.paths, self.context, field="paths")
        return (outline, *(file for path in paths for file in self._files(path)))

    def _template(self, part: FilePart, injected: Mapping[str, str]) -> Part:
        library = self.context.run.library
        found = library.find(part.path) if library else None
        if found is None:
            raise Unusable(f"step {self.step!r}: there is no prompt file {part.path!r}")
        names = {**self.context.resolve(part.variables), **injected}
        filled = render(read_text(found), names)
        return cut(Part("instructions", filled, name=part.path), part.max_length)

    def _files(self, path: str) -> tuple[Part, ...]:
        if _GLOB.search(path) is None and not path.endswith("/"):
            try:
                return (Part("file", self._read(path), name=path),)
            except (Refused, Unusable) as missing:
                paths = self._below(f"{path}/**/*")
                if not paths:
                    raise missing
        else:
            paths = self._below(f"{path}**/*" if path.endswith("/") else path)
        if not paths:
            raise Unusable(f"step {self.step!r}: no file matches {path!r}")
        if len(paths) > MAX_FILES:
            raise Refused(
                f"step {self.step!r}: {path!r} matches {len(paths)} files, at most {MAX_FILES} "
                "are quoted",
                hint="narrow the pattern, or use a codebase part",
            )
        return tuple(Part("file", self._read(name), name=name) for name in paths)

    def _read(self, path: str) -> str:
        services = self.context.run.services
        if services.files is None and services.codebase is None:
            raise Refused(f"step {self.step!r} needs file access, which this run does not provide")
        reader = services.files or services.codebase
        assert reader is not None
        return reader.read(path)

    def _below(self, pattern: str) -> tuple[str, ...]:
        workspace = self.context.run.services.codebase
        return () if workspace is None else workspace.list(pattern.removeprefix("./"))

    def _findings(self, rules: tuple[str, ...], paths: tuple[str, ...]) -> tuple[Finding, ...]:
        services = self.context.run.services
        if services.analyze is not None:
            return services.analyze.analyze(rules=rules, paths=paths).findings
        return self._workspace().findings(rules=rules, paths=paths)

    def _workspace(self) -> Workspace:
        workspace = self.context.run.services.codebase
        if workspace is None:
            raise Refused(f"step {self.step!r} needs a code base, which this run does not provide")
        return workspace


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def cut(part: Part, max_length: int | None) -> Part:
    """The part with at most so many characters; what is left out is said."""
    over = len(part.text) - (max_length if max_length is not None else len(part.text))
    if over <= 0:
        return part
    return replace(part, text=f"{part.text[:max_length]}\n[{over} more characters were cut]")


def transcript(messages: tuple[Message, ...]) -> str:
    """A conversation as text, every turn marked with who said it."""
    return "\n\n".join(f"{message.role}:\n{message.text}" for message in messages)


def extract(data: Any, path: str, *, step: str) -> Any:
    """The value at `a.b[0].c`, a list for `a[*].c`; raises `ExpressionError` naming the place."""
    position, value = 0, data
    while position < len(path):
        found = _SEGMENT.match(path, position)
        if found is None:
            raise ExpressionError(f"extract {path!r} is not of the form a.b[0].c or a[*].b")
        if found[2] == "*":
            return _each(value, path, found.end(), step)
        key: str | int = found[1] if found[2] is None else int(found[2])
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            raise _nothing_at(path, found.end(), step) from None
        position = found.end()
    return value


def _each(value: Any, path: str, position: int, step: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _nothing_at(path, position, step)
    rest = path[position:]
    return [extract(item, rest, step=step) if rest else item for item in value]


def _nothing_at(path: str, position: int, step: str) -> ExpressionError:
    return ExpressionError(f"extract {path!r}: step {step!r} has nothing at {path[:position]!r}")


def _cut_files(files: tuple[Part, ...], max_length: int | None) -> Iterator[Part]:
    left = max_length
    for file in files:
        kept = cut(file, left)
        yield kept
        if left is not None:
            left = max(left - len(file.text), 0)
