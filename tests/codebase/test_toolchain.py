from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.codebase.toolchain import (
    Missing,
    Toolchain,
    elixir_requirement,
    find_toolchain,
    pinned_versions,
)

MIX = 'defmodule A.MixProject do\n  def project, do: [\n    elixir: "{}",\n  ]\nend\n'


def _install(bin_dir: Path, version: str, otp: str = "26") -> Path:
    """An `elixir` that answers `--version` as the real one does."""
    bin_dir.mkdir(parents=True)
    text = f"Erlang/OTP {otp} [erts-14]\\n\\nElixir {version} (compiled with Erlang/OTP {otp})\\n"
    for name in ("elixir", "mix"):
        script = bin_dir / name
        script.write_text(f"#!/bin/sh\nprintf '{text}'\n")
        script.chmod(0o755)
    return bin_dir


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def _env(tmp_path: Path, *path: Path) -> dict[str, str]:
    system = ("/usr/bin", "/bin") if not path else ()
    return {
        "HOME": str(tmp_path / "home"),
        "PATH": ":".join([*map(str, path), *system, "/bin" if path else ""]),
    }


def test_takes_the_one_on_path_that_meets_the_requirement(root: Path, tmp_path: Path) -> None:
    (root / "mix.exs").write_text(MIX.format("~> 1.17"))
    bin_dir = _install(tmp_path / "sdk/bin", "1.17.3")
    found = find_toolchain(root, _env(tmp_path, bin_dir))
    assert isinstance(found, Toolchain)
    assert (found.version, found.otp, found.elixir) == ("1.17.3", "26", bin_dir / "elixir")
    assert found.note == ""
    assert bin_dir.parent in found.roots


def test_names_the_version_wanted_and_the_one_found(root: Path, tmp_path: Path) -> None:
    (root / "mix.exs").write_text(MIX.format("~> 1.17"))
    (root / ".tool-versions").write_text("erlang 27.0\nelixir 1.17.2-otp-27 # newest\n")
    found = find_toolchain(root, _env(tmp_path, _install(tmp_path / "sdk/bin", "1.14.0")))
    assert found == Missing(
        "the project wants Elixir ~> 1.17 (the project pins 1.17.2-otp-27); "
        "found only 1.14.0 (PATH)"
    )


def test_absence_is_an_answer_not_an_error(root: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    env = {"HOME": str(tmp_path), "PATH": str(empty)}
    assert find_toolchain(root, env) == Missing("the project wants Elixir; none is installed")


@pytest.mark.parametrize(
    ("store", "file", "text"),
    [
        (".local/share/mise", "mise.toml", '[tools]\nelixir = "1.17.2-otp-27"\n'),
        (".local/share/mise", ".tool-versions", "elixir 1.17.2-otp-27\n"),
        (".asdf", ".tool-versions", "elixir 1.17.2-otp-27\n"),
    ],
)
def test_the_pinned_install_goes_before_path(
    root: Path, tmp_path: Path, store: str, file: str, text: str
) -> None:
    (root / file).write_text(text)
    install = tmp_path / "home" / store / "installs/elixir/1.17.2-otp-27/bin"
    _install(install, "1.17.2")
    on_path = _install(tmp_path / "sdk/bin", "1.14.0")
    found = find_toolchain(root, _env(tmp_path, on_path))
    assert isinstance(found, Toolchain)
    assert found.elixir == install / "elixir"
    assert found.search_path.startswith(f"{install}:")


def test_a_prefix_pin_takes_its_newest_install(root: Path, tmp_path: Path) -> None:
    (root / "mise.toml").write_text('[tools]\nelixir = { version = "1.17" }\n')
    installs = tmp_path / "home/.local/share/mise/installs/elixir"
    for version in ("1.17.2", "1.17.10", "1.18.0"):
        _install(installs / version / "bin", version)
    found = find_toolchain(root, _env(tmp_path))
    assert isinstance(found, Toolchain)
    assert found.version == "1.17.10"


def test_asdf_shims_serve_when_the_pin_is_not_found(root: Path, tmp_path: Path) -> None:
    shims = _install(tmp_path / "home/.asdf/shims", "1.16.0")
    found = find_toolchain(root, _env(tmp_path, _install(tmp_path / "sdk/bin", "1.14.0")))
    assert isinstance(found, Toolchain)
    assert found.elixir == shims / "elixir"


def test_it_is_asked_where_no_file_of_the_project_lies(root: Path, tmp_path: Path) -> None:
    """Erlang looks for its own modules in the folder it starts in before it looks elsewhere."""
    (root / "user_sup.beam").write_bytes(b"FOR1")
    (root / ".tool-versions").write_text("elixir 1.16.1\nnodejs 20\n")
    shims = _install(tmp_path / "home/.asdf/shims", "1.16.0")
    script = shims / "elixir"
    seen = f"ls -A > {tmp_path}/seen; cat .tool-versions > {tmp_path}/pins\n"
    script.write_text(script.read_text().replace("\n", f"\n{seen}", 1))
    assert isinstance(find_toolchain(root, _env(tmp_path)), Toolchain)
    assert (tmp_path / "seen").read_text() == ".tool-versions\n"
    assert (tmp_path / "pins").read_text() == "elixir 1.16.1\n"


def test_another_version_than_the_pinned_one_is_used_but_said(root: Path, tmp_path: Path) -> None:
    (root / ".tool-versions").write_text("elixir 1.17.2-otp-27\n")
    found = find_toolchain(root, _env(tmp_path, _install(tmp_path / "sdk/bin", "1.14.0")))
    assert isinstance(found, Toolchain)
    assert found.note == "the project pins Elixir 1.17.2-otp-27, not installed here; using 1.14.0"


def test_a_pin_cannot_lead_out_of_the_store(root: Path, tmp_path: Path) -> None:
    outside = _install(tmp_path / "home/evil/bin", "1.17.2")
    (tmp_path / "home/.asdf/installs/elixir").mkdir(parents=True)
    (root / ".tool-versions").write_text("elixir ../../../evil\n")
    found = find_toolchain(root, _env(tmp_path, _install(tmp_path / "sdk/bin", "1.14.0")))
    assert isinstance(found, Toolchain)
    assert found.elixir.parent != outside


def test_the_home_directory_is_never_shown_to_a_sandbox(root: Path, tmp_path: Path) -> None:
    bin_dir = _install(tmp_path / "home/bin", "1.14.0")
    found = find_toolchain(root, _env(tmp_path, bin_dir))
    assert isinstance(found, Toolchain)
    home = tmp_path / "home"
    assert not [r for r in found.roots if home.is_relative_to(r)]


def test_a_broken_elixir_is_passed_over_and_named(root: Path, tmp_path: Path) -> None:
    bin_dir = _install(tmp_path / "sdk/bin", "1.14.0")
    (bin_dir / "elixir").write_text("#!/bin/sh\nexit 1\n")
    found = find_toolchain(root, _env(tmp_path, bin_dir))
    assert isinstance(found, Missing)
    assert found.reason.endswith("found only the one of PATH does not start")


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        (MIX.format("~> 1.14 or ~> 1.16"), "~> 1.14 or ~> 1.16"),
        ('def project, do: [app: :a, elixir: "~> 1.15", deps: []]', "~> 1.15"),
        ("def project do\n  [\n    elixir: @elixir\n  ]", ""),
        ("# elixir: in words\n", ""),
        ('  @wanted "~> 1.18"\n  def project, do: [elixir: @wanted]\n', "~> 1.18"),
    ],
)
def test_reads_the_requirement_of_mix_exs(root: Path, text: str, requirement: str) -> None:
    (root / "mix.exs").write_text(text)
    assert elixir_requirement(root) == requirement


def test_an_unreadable_mise_file_pins_nothing(root: Path) -> None:
    (root / "mise.toml").write_text("[tools\nelixir=")
    assert pinned_versions(root) == {}


@pytest.mark.elixir
def test_finds_the_real_one(root: Path) -> None:
    found = find_toolchain(root, os.environ)
    assert isinstance(found, Toolchain)
    assert int(found.otp) >= 24
    assert found.elixirc.exists()
