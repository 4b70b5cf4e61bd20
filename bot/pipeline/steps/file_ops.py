"""The file_ops step: decided first, then done in one piece or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.core.ports import Workspace
from bot.errors import OtpError, Refused, Unusable
from bot.pipeline.context import Outcome, StepContext
from bot.pipeline.data.conversions import converted
from bot.pipeline.data.file_checks import checked
from bot.pipeline.data.file_plans import Tree, Wanted, chosen, placed, plain
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.language.file_steps import FileEntry, FileOpsStep, Files, entries


def run_file_ops(step: FileOpsStep, context: StepContext) -> Outcome:
    """Data: `{operation, status, files, count}` and what belongs to the operation."""
    workspace = context.need(context.run.services.codebase, "a code base", step)
    found = _OPERATIONS[step.operation](_Job(step, context, workspace))
    failed = found.error is not None
    data = {
        "operation": step.operation,
        "status": "failed" if failed else "completed",
        "files": list(found.files),
        "count": len(found.files),
        **found.more,
    }
    value = found.value if found.value is not None else data["files"]
    if step.output_field and not failed:
        context.scope.set_variables({step.output_field: value})
    return Outcome(
        data=data,
        text=found.text or json.dumps(data, ensure_ascii=False, indent=2),
        status="failed" if failed else "succeeded",
        error=found.error,
    )


@dataclass(frozen=True)
class _Done:
    """What an operation came to."""

    files: tuple[str, ...]
    more: dict[str, Any]
    value: Any = None
    text: str = ""
    error: OtpError | None = None


@dataclass(frozen=True)
class _Job:
    """One operation with its texts filled in."""

    step: FileOpsStep
    context: StepContext
    workspace: Workspace

    def text(self, template: str) -> str:
        """A text with its expressions filled in."""
        return self.context.render(template)

    def path(self, template: str, key: str) -> str:
        """A path, as the code base knows it."""
        path = plain(self.text(template))
        if not path:
            raise Refused(f"step {self.step.name!r}: {key!r} is empty")
        return path

    def paths(self, entry: FileEntry, key: str) -> list[str]:
        """An entry's paths or globs; an expression may give a list of them. They are data now."""
        resolved = self.context.resolve(entry.path or entry.pattern)
        items = list(resolved) if isinstance(resolved, list | tuple) else [resolved]
        if not all(isinstance(item, str) and item.strip() for item in items):
            raise ExpressionError(f"{key!r} must be paths, got {resolved!r:.80}")
        return items

    def wanted(self, files: Files, key: str) -> list[Wanted]:
        """What an operation is to work on; nothing at all is an error of the pipeline."""
        found = [
            Wanted(path, tuple(map(self.text, entry.exclude)))
            for entry in entries(files)
            for path in self.paths(entry, key)
        ]
        if not found:
            raise Refused(f"step {self.step.name!r}: {key!r} names no file")
        return found

    @contextmanager
    def whole(self, actions: int) -> Iterator[None]:
        """All of several changes, or none of them."""
        before = self.workspace.snapshot() if actions > 1 else ""
        try:
            yield
        except OtpError:
            if before:
                self.workspace.restore(before)
            raise


def _transfer(job: _Job) -> _Done:
    options, tree = job.step.options, Tree.of(job.workspace)
    files = chosen(tree, job.wanted(job.step.source, "source"), deep=job.step.deep)
    pairs = placed(
        tree,
        files,
        job.text(job.step.destination),
        structure=options.preserve_structure,
        overwrite=options.overwrite,
    )
    moving = job.step.operation == "move"
    if moving and (lost := {source for source, _ in pairs} & {place for _, place in pairs}):
        raise Refused(f"{min(lost)!r} would be moved and written over at once")
    with job.whole(len(pairs) * (1 + moving)):
        for source, place in pairs:
            job.workspace.copy(source, place)
            if moving:
                job.workspace.remove(source)
    places = tuple(place for _, place in pairs)
    transfers = [{"source": source, "destination": place} for source, place in pairs]
    return _Done(places, {"transfers": transfers})


def _delete(job: _Job) -> _Done:
    tree = Tree.of(job.workspace)
    sources = job.wanted(job.step.path or job.step.files, "path" if job.step.path else "files")
    files = [file.path for file in chosen(tree, sources, deep=job.step.deep)]
    with job.whole(len(files)):
        for path in files:
            job.workspace.remove(path)
    return _Done(tuple(files), {})


def _list(job: _Job) -> _Done:
    options, tree = job.step.options, Tree.of(job.workspace)
    folder = plain(job.text(job.step.path))
    if not tree.is_dir(folder):
        raise Refused(f"there is no directory {folder!r}")
    pattern = plain(job.text(job.step.pattern or options.pattern)) or "*"
    deep = job.step.deep and "**" not in pattern
    pattern = f"**/{pattern}" if deep else pattern
    found = job.workspace.list(f"{folder}/{pattern}" if folder else pattern)
    if not options.include_hidden:
        found = tuple(path for path in found if not any(p.startswith(".") for p in path.split("/")))
    if options.sort_by == "size":
        found = tuple(sorted(found, key=lambda path: (job.workspace.size(path), path)))
    kept = found[: options.limit]
    more = {"path": folder, "pattern": pattern, "left_out": len(found) - len(kept)}
    return _Done(kept, more, text="\n".join(kept))


def _convert(job: _Job) -> _Done:
    step, tree = job.step, Tree.of(job.workspace)
    files = chosen(tree, job.wanted(step.source, "source"), deep=False)
    if len(files) != 1:
        raise Refused(f"'convert' takes one file, not {len(files)}", hint="use a for_loop")
    ((source, place),) = placed(
        tree,
        files,
        job.text(step.destination),
        structure=False,
        overwrite=step.options.overwrite,
    )
    text = converted(job.workspace.read(source), str(step.format), step.options, path=source)
    job.workspace.write(place, text)
    return _Done((place,), {"source": source, "format": step.format})


_LINES: dict[str, Callable[[str, str, str], str]] = {
    "identity": lambda line, old, new: line,
    "uppercase": lambda line, old, new: line.upper(),
    "lowercase": lambda line, old, new: line.lower(),
    "trim": lambda line, old, new: line.strip(),
    "replace": lambda line, old, new: line.replace(old, new),
}


def _process(job: _Job) -> _Done:
    step, tree = job.step, Tree.of(job.workspace)
    files = [file.path for file in chosen(tree, job.wanted(step.source, "source"), deep=False)]
    old, new = job.text(step.pattern), job.text(step.replacement)
    if step.processor == "replace" and not old:
        raise Refused(f"step {step.name!r}: 'pattern' is empty")
    change = _LINES[step.processor]
    texts = {path: job.workspace.read(path) for path in files}
    made = {
        path: "\n".join(change(line, old, new) for line in text.split("\n"))
        for path, text in texts.items()
    }
    changed = [path for path in files if made[path] != texts[path]]
    with job.whole(len(changed)):
        for path in changed:
            job.workspace.write(path, made[path])
    return _Done(tuple(files), {"changed": changed, "processor": step.processor})


def _read(job: _Job) -> _Done:
    path = job.path(job.step.path, "path")
    content = job.workspace.read(path)
    return _Done((path,), {"path": path, "content": content}, value=content, text=content)


def _write(job: _Job) -> _Done:
    path, content = job.path(job.step.path, "path"), job.text(job.step.content or "")
    edited = job.workspace.write(path, content)
    return _Done((path,), {"path": path, "created": edited.created, "diff": edited.diff})


def _append(job: _Job) -> _Done:
    path, content = job.path(job.step.path, "path"), job.text(job.step.content or "")
    before = job.workspace.read(path) if Tree.of(job.workspace).has(path) else ""
    edited = job.workspace.write(path, before + content)
    return _Done((path,), {"path": path, "created": edited.created, "diff": edited.diff})


def _validate(job: _Job) -> _Done:
    tree = Tree.of(job.workspace)
    results = [
        result
        for entry in entries(job.step.files)
        for path in job.paths(entry, "files")
        for result in checked(tree, entry, path, tuple(map(job.text, entry.must_contain)))
    ]
    wrong = [result for result in results if result["status"] == "invalid"]
    error = None
    if wrong:
        reasons = "; ".join(f"{result['path']}: {result['error']}" for result in wrong[:10])
        error = Unusable(f"step {job.step.name!r}: {len(wrong)} checks failed: {reasons}")
    paths = tuple(result["path"] for result in results)
    return _Done(paths, {"results": results}, value=results, error=error)


_OPERATIONS: dict[str, Callable[[_Job], _Done]] = {
    "copy": _transfer,
    "stream_copy": _transfer,
    "move": _transfer,
    "delete": _delete,
    "list": _list,
    "convert": _convert,
    "stream_process": _process,
    "read": _read,
    "write": _write,
    "append": _append,
    "validate": _validate,
}
