"""Which program runs a script, as GitHub chooses it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping

TEMPLATES: Mapping[str, tuple[str, str]] = {
    "": ("bash -e {0}", ".sh"),
    "bash": ("bash --noprofile --norc -eo pipefail {0}", ".sh"),
    "sh": ("sh -e {0}", ".sh"),
    "python": ("python {0}", ".py"),
}
"""By the value of `shell`: the command and the ending of the script's name."""


class ShellError(ValueError):
    """A shell that cannot be used."""


def template_of(shell: str) -> tuple[str, str]:
    if shell in TEMPLATES:
        return TEMPLATES[shell]
    if "{0}" in shell:
        return shell, ""
    if shell in ("pwsh", "powershell", "cmd", "node"):
        raise ShellError(f"The shell '{shell}' is not supported by this simulator")
    message = "Parameter must be one of the supported shells (bash, sh, python) or a format"
    raise ShellError(f"Invalid shell option '{shell[:100]}'. {message} string with '{{0}}'")


def argv_of(template: str, script: str, path: str) -> list[str]:
    """`path` is the PATH the step will have. `python` may be called python3 on this machine."""
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise ShellError(f"Invalid shell option '{template[:100]}': {error}") from error
    program = words[0] if words else ""
    found = shutil.which(program, path=path)
    if found is None and program == "python":
        found = shutil.which("python3", path=path)
    if found is None:
        raise ShellError(f"{program[:100]}: command not found")
    return [found, *(word.replace("{0}", script) for word in words[1:])]
