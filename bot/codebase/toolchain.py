"""Find the Elixir a project asks for: `.tool-versions`, mise, asdf, then PATH."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.codebase.elixir_version import satisfies
from bot.codebase.process import child_environment, run

_REQUIREMENT = re.compile(r"""^[^#\n]*?\belixir:\s*(?:"([^"]+)"|(@\w+))""", re.MULTILINE)
_ELIXIR = re.compile(r"^Elixir (\S+)", re.MULTILINE)
_OTP = re.compile(r"Erlang/OTP (\d+)")
_PROBE_SECONDS = 60.0


@dataclass(frozen=True)
class Toolchain:
    """An Elixir that meets the project's requirement."""

    elixir: Path
    mix: Path
    version: str
    otp: str
    search_path: str
    """The PATH with which `elixir` and `mix` find each other and `erl`."""
    roots: tuple[Path, ...] = ()
    """Directories outside the system's own that a sandbox must show, read-only."""
    note: str = ""
    """Set when it is not the very version the project pins."""

    @property
    def elixirc(self) -> Path:
        """The compiler that stands beside `elixir`."""
        return self.elixir.with_name("elixirc")


@dataclass(frozen=True)
class Missing:
    """No usable Elixir; `reason` names the version wanted."""

    reason: str


@dataclass(frozen=True)
class _Candidate:
    bins: tuple[Path, ...]
    origin: str


def find_toolchain(root: Path, env: Mapping[str, str]) -> Toolchain | Missing:
    """The first Elixir found that meets `root`'s mix.exs; absence is an answer, not an error."""
    requirement = elixir_requirement(root)
    pins = pinned_versions(root)
    rejected: list[str] = []
    for candidate in _candidates(pins, env):
        found = _probe(candidate, pins, env)
        if found is None:
            rejected.append(f"the one of {candidate.origin} does not start")
        elif requirement and not _meets(found.version, requirement):
            rejected.append(f"{found.version} ({candidate.origin})")
        else:
            return _with_note(found, pins.get("elixir", ""))
    wanted = f"Elixir {requirement}" if requirement else "Elixir"
    if "elixir" in pins:
        wanted += f" (the project pins {pins['elixir']})"
    seen = f"; found only {', '.join(rejected)}" if rejected else "; none is installed"
    return Missing(f"the project wants {wanted}{seen}")


def elixir_requirement(root: Path) -> str:
    """The `elixir:` requirement of mix.exs, a literal or an attribute; empty when there is none."""
    text = _text(root / "mix.exs")
    match = _REQUIREMENT.search(text)
    if match is None or match.group(1):
        return match.group(1) if match else ""
    attribute = re.search(rf'^\s*{match.group(2)}\s+"([^"]+)"', text, re.MULTILINE)
    return attribute.group(1) if attribute else ""


def pinned_versions(root: Path) -> dict[str, str]:
    """`elixir` and `erlang` versions pinned by mise.toml or `.tool-versions`."""
    pins: dict[str, str] = {}
    for line in _text(root / ".tool-versions").splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) >= 2 and words[0] in ("elixir", "erlang"):
            pins[words[0]] = words[1]
    for name in (".mise.toml", "mise.toml"):
        pins.update(_mise_pins(_text(root / name)))
    return pins


def _mise_pins(text: str) -> dict[str, str]:
    try:
        tools = tomllib.loads(text).get("tools", {})
    except tomllib.TOMLDecodeError:
        return {}
    pins: dict[str, str] = {}
    for name in ("elixir", "erlang"):
        pin = tools.get(name) if isinstance(tools, dict) else None
        pin = pin[0] if isinstance(pin, list) and pin else pin
        pin = pin.get("version") if isinstance(pin, dict) else pin
        if isinstance(pin, str):
            pins[name] = pin
    return pins


def _candidates(pins: Mapping[str, str], env: Mapping[str, str]) -> Iterator[_Candidate]:
    home = Path(env.get("HOME", "/"))
    stores = {
        "mise": Path(env.get("MISE_DATA_DIR", home / ".local/share/mise")),
        "asdf": Path(env.get("ASDF_DATA_DIR", home / ".asdf")),
    }
    for origin, store in stores.items():
        elixir = _installed(store, "elixir", pins.get("elixir", ""))
        if elixir is not None:
            erlang = _installed(store, "erlang", pins.get("erlang", ""))
            yield _Candidate((elixir, erlang) if erlang else (elixir,), origin)
    for origin, store in stores.items():
        if (store / "shims/elixir").exists():
            yield _Candidate((store / "shims",), f"{origin} shims")
    on_path = shutil.which("elixir", path=env.get("PATH", ""))
    if on_path:
        yield _Candidate((Path(on_path).parent,), "PATH")


def _installed(store: Path, tool: str, pin: str) -> Path | None:
    """The bin directory of the pinned version; a prefix pin (`1.17`) takes its newest match."""
    if not pin or "/" in pin:
        return None
    installs = store / "installs" / tool
    exact = installs / pin / "bin"
    if exact.is_dir():
        return exact
    matches = [p for p in installs.glob(f"{pin}.*") if (p / "bin").is_dir()]
    return max(matches, key=_numbers) / "bin" if matches else None


def _numbers(path: Path) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", path.name))


def _probe(
    candidate: _Candidate, pins: Mapping[str, str], env: Mapping[str, str]
) -> Toolchain | None:
    """Ask it for its version, far from the project: Erlang loads `*.beam` of where it starts."""
    places = [*(str(b) for b in candidate.bins), *env.get("PATH", "").split(":")]
    search_path = ":".join(dict.fromkeys(place for place in places if place))
    elixir, mix = candidate.bins[0] / "elixir", candidate.bins[0] / "mix"
    if not elixir.exists() or not mix.exists():
        return None
    with tempfile.TemporaryDirectory(prefix="genesis-elixir-") as aside:
        # What a shim goes by.
        named = [f"{tool} {pin}\n" for tool, pin in pins.items() if pin.isprintable()]
        (Path(aside) / ".tool-versions").write_text("".join(named), encoding="utf-8")
        done = run(
            (str(elixir), "--version"),
            cwd=Path(aside),
            env=child_environment(env, {"PATH": search_path}),
            timeout=_PROBE_SECONDS,
        )
    version, otp = _ELIXIR.search(done.stdout), _OTP.search(done.stdout)
    if done.returncode != 0 or version is None or otp is None:
        return None
    return Toolchain(
        elixir=elixir,
        mix=mix,
        version=version.group(1),
        otp=otp.group(1),
        search_path=search_path,
        roots=_roots(candidate, search_path, env),
    )


def _roots(candidate: _Candidate, search_path: str, env: Mapping[str, str]) -> tuple[Path, ...]:
    """The installs to show in a sandbox; never a directory that holds the user's home."""
    erl = shutil.which("erl", path=search_path)
    places = [place for bin_dir in candidate.bins for place in (bin_dir, bin_dir.resolve().parent)]
    places.append((candidate.bins[0] / "elixir").resolve().parent.parent)
    places += [Path(erl).parent, Path(erl).resolve().parent.parent] if erl else []
    home = Path(env.get("HOME", "/"))
    return tuple(
        dict.fromkeys(
            p for p in places if not home.is_relative_to(p) and not p.is_relative_to("/usr")
        )
    )


def _meets(version: str, requirement: str) -> bool:
    try:
        return satisfies(version, requirement)
    except ValueError:
        # Mix judges an unreadable requirement itself and says so.
        return True


def _with_note(found: Toolchain, pin: str) -> Toolchain:
    bare = pin.split("-otp-")[0]
    if not bare or not bare[0].isdigit() or f"{found.version}.".startswith(f"{bare}."):
        return found
    note = f"the project pins Elixir {pin}, not installed here; using {found.version}"
    return Toolchain(**{**found.__dict__, "note": note})


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
