"""What every test can rely on: no network, a home of its own, a Git identity, a named locale."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings

KEPT = ("PATH", "TMPDIR", "TERM")
KEPT_PREFIXES = ("PYTEST_", "COVERAGE_", "COV_CORE_", "GENESIS_TEST_")
GITCONFIG = """\
[user]
  name = Test Author
  email = author@example.invalid
[init]
  defaultBranch = main
[commit]
  gpgSign = false
"""

_homes: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Isolate before any test module is imported, in every xdist worker."""
    home = tempfile.mkdtemp(prefix="genesis-test-home-")
    _homes.append(home)
    _isolate(Path(home))
    # A shell starts what runs in its background with SIGINT ignored, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(_refuse_network)
    settings.register_profile("house", deadline=None, derandomize=True)
    settings.load_profile("house")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the homes made by `pytest_configure`."""
    while _homes:
        shutil.rmtree(_homes.pop(), ignore_errors=True)


def _isolate(home: Path) -> None:
    """Reduce the environment to what is named here: this machine must not count."""
    for name in [n for n in os.environ if n not in KEPT and not n.startswith(KEPT_PREFIXES)]:
        del os.environ[name]
    (home / ".gitconfig").write_text(GITCONFIG)
    xdg = {"CACHE": ".cache", "CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state"}
    os.environ |= {f"XDG_{name}_HOME": str(home / path) for name, path in xdg.items()}
    os.environ |= {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        # Child processes are out of the audit hook's reach; a dead proxy stops the usual clients.
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1,localhost",
        "HEX_OFFLINE": "1",
    }


class NetworkTouched(AssertionError):
    """A test tried to leave this machine."""


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: connecting anywhere but to this machine, or asking for a name, fails the test."""
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = str(arguments[0])
    else:
        return
    if not _is_local(host):
        raise NetworkTouched(f"{event} to {host!r}: tests run without a network")


def _is_local(host: str) -> bool:
    if host in ("", "localhost", "None"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _elixir_missing() -> str:
    """Why Elixir cannot be used here; empty when it can."""
    if shutil.which("mix") is None or shutil.which("elixir") is None:
        return "ELIXIR IS NOT INSTALLED: run `make elixir`"
    probe = subprocess.run(["elixir", "-e", "IO.puts(1)"], capture_output=True, text=True)
    if probe.returncode != 0:
        return f"ELIXIR DOES NOT RUN: {probe.stderr.strip()[-200:]}"
    return ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs Elixir where there is none; `make test` never gets here without it."""
    wanting = [item for item in items if item.get_closest_marker("elixir")]
    reason = _elixir_missing() if wanting else ""
    if not reason:
        return
    for item in wanting:
        item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_teardown() -> None:
    """A command that ran in this process has set up its log; the next test begins without."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the bot does."""
    return "asyncio"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parents[1]
