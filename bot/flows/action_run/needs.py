"""What the steps between ours have to bring: Elixir, dependencies of earlier runs, a sandbox."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.toolchain import Missing, Toolchain, find_toolchain
from bot.errors import Unusable
from bot.flows.action_run.elixir_wanted import Wanted, wanted_versions
from bot.flows.action_run.order import ActionOrder
from bot.flows.action_run.runner import Runner
from bot.flows.stage_run.account import log_line
from bot.flows.stage_run.prepare import has_dependencies
from bot.settings import Settings


@dataclass(frozen=True)
class Needs:
    """Outputs of the first step; empty ones switch a step off."""

    install: Wanted | None = None
    cache_key: str = ""
    cached: tuple[Path, ...] = ()
    sandbox: bool = False
    """Whether project code is about to run."""
    here: str = ""
    """The Elixir that is there already, in words."""

    def outputs(self) -> dict[str, str]:
        """For the steps of action.yml."""
        wanted = self.install
        return {
            "elixir": wanted.elixir if wanted else "",
            "otp": wanted.otp if wanted else "",
            "version_type": "strict" if wanted and wanted.exact else "loose",
            "cache_key": self.cache_key,
            "deps": str(self.cached[0]) if self.cached else "",
            "builds": str(self.cached[1]) if self.cached else "",
            "sandbox": "true" if self.sandbox else "",
        }

    def lines(self) -> Iterator[str]:
        """For the log."""
        if self.here:
            yield log_line(f"Elixir: {self.here}")
        if self.install is not None:
            said = f"Elixir {self.install.elixir}, OTP {self.install.otp}"
            yield log_line(f"Elixir: to be installed, {said}: {self.install.source}")


def needs_of(order: ActionOrder, runner: Runner, settings: Settings) -> Needs:
    """Raises `Unusable` for what no later step could mend."""
    if order.command == "react":
        return Needs()  # the code is on the server, where it stays
    project = runner.project(order)
    if not order.needs_elixir:
        return Needs()
    if not (project / "mix.exs").is_file():
        raise Unusable(
            f"there is no mix.exs in {order.path or 'the top of the checkout'!r}",
            hint="set `path` to the folder of the project",
        )
    found = find_toolchain(project, settings.environment)
    top = runner.workspace
    wanted = wanted_versions(
        project, top, elixir=order.elixir_version or "", otp=order.otp_version or ""
    )
    install = wanted if isinstance(found, Missing) or found.note else None
    version = f"{wanted.elixir}-otp-{wanted.otp}"
    here = ""
    if install is None:
        assert isinstance(found, Toolchain)
        version = f"{found.version}-otp-{found.otp}"
        here = f"{found.version} on OTP {found.otp}, which is here"
    caches = order.cache and (has_dependencies(project) or order.credo == "beside")
    return Needs(
        install=install,
        cache_key=f"{version}-{_lock_digest(project)}" if caches else "",
        cached=(project / "deps", settings.cache_dir) if caches else (),
        sandbox=True,
        here=here,
    )


def _lock_digest(project: Path) -> str:
    """Of the lock file; without one, of what names the dependencies."""
    for name in ("mix.lock", "mix.exs"):
        if (project / name).is_file():
            return hashlib.sha256((project / name).read_bytes()).hexdigest()[:32]
    return ""
