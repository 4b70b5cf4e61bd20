"""Which Elixir and OTP a project wants installed: pins first, then what its mix.exs allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.elixir_version import parse_version, satisfies
from bot.codebase.toolchain import elixir_requirement, pinned_versions

OTP_OF = {"1.19": "28", "1.18": "27", "1.17": "27", "1.16": "26", "1.15": "26", "1.14": "25",
          "1.13": "24", "1.12": "24"}  # fmt: skip
"""The newest OTP major each Elixir is tested with, newest first.

Source: "Compatibility and deprecations" in Elixir's documentation.
"""
USUAL = "1.18"
"""Where nothing says otherwise."""

_PIN = re.compile(r"(?:ref:)?v?(\d+(?:\.\d+){0,2}(?:-rc\.?\d+)?)(?:-otp-(\d+))?\Z")
_ERLANG = re.compile(r"(?:OTP-|maint-)?(\d+(?:\.\d+)*(?:-rc\d+)?)\Z")


@dataclass(frozen=True)
class Wanted:
    """What erlef/setup-beam is asked for."""

    elixir: str
    otp: str
    source: str
    """Who says so, for the log."""
    exact: bool = False
    """Both are whole version numbers. Otherwise setup-beam must be free to look for the newest that
    begins like this; a whole one it takes as it is even then."""


def wanted_versions(project: Path, top: Path, *, elixir: str = "", otp: str = "") -> Wanted:
    """For a project below `top`; the inputs `elixir` and `otp` win over everything."""
    pins = _pins(project, top)
    pinned, with_otp = _elixir_pin(pins.get("elixir", ""))
    requirement = elixir_requirement(project)
    if elixir:
        version, source = elixir, "input `elixir`"
    elif pinned:
        version, source = pinned, ".tool-versions or mise"
    elif requirement:
        version, source = _newest(requirement), f"mix.exs ({requirement})"
    else:
        version, source = USUAL, "nothing names one"
    erlang = _ERLANG.match(pins.get("erlang", ""))
    found = otp or (erlang.group(1) if erlang else "") or with_otp or _otp_for(version)
    exact = version.count(".") >= 2 and "." in found
    return Wanted(version, found, source, exact)


def _pins(project: Path, top: Path) -> dict[str, str]:
    """The nearest pins: those of the project's folder, or of one above it."""
    for folder in _upwards(project, top):
        if found := pinned_versions(folder):
            return found
    return {}


def _upwards(project: Path, top: Path) -> Iterator[Path]:
    for folder in (project, *project.parents):
        yield folder
        if folder == top:
            return


def _elixir_pin(pin: str) -> tuple[str, str]:
    """Version and OTP major in `1.17.2-otp-27`; empty for `latest`, `system` and paths."""
    found = _PIN.match(pin)
    return (found.group(1), found.group(2) or "") if found else ("", "")


def _newest(requirement: str) -> str:
    """The newest minor version that meets it, by number; what mix cannot read is left to mix."""
    for minor in OTP_OF:
        try:
            # No patch is ever so high: `~> 1.14.2` and `< 1.18.0` are met by their own minor.
            if satisfies(f"{minor}.999", requirement):
                return minor
        except ValueError:
            return USUAL
    exact = re.search(r"\d+\.\d+\.\d+\S*", requirement)
    return exact[0] if exact else USUAL


def _otp_for(elixir: str) -> str:
    try:
        version = parse_version(elixir)
    except ValueError:
        return OTP_OF[USUAL]
    return OTP_OF.get(f"{version.major}.{version.minor}", OTP_OF[USUAL])
