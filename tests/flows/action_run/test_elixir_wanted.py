"""Which Elixir is installed where the runner has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.flows.action_run.elixir_wanted import OTP_OF, USUAL, Wanted, wanted_versions


def project(folder: Path, **files: str) -> Path:
    names = {"mix": "mix.exs", "tools": ".tool-versions", "mise": "mise.toml"}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / names[name]).write_text(text)
    return folder


def wanted(folder: Path, **inputs: str) -> tuple[str, str, bool]:
    found = wanted_versions(folder, folder, **inputs)
    return found.elixir, found.otp, found.exact


def requiring(text: str) -> str:
    return f'def project, do: [app: :shop, elixir: "{text}"]\n'


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ("elixir 1.17.2-otp-27\nerlang 27.0.1\n", ("1.17.2", "27.0.1", True)),
        ("elixir 1.17.2-otp-26\n", ("1.17.2", "26", False)),
        ("erlang 26.2\nelixir 1.16\n", ("1.16", "26.2", False)),
        ("elixir 1.15.7\n", ("1.15.7", "26", False)),
        ("elixir v1.18.0-rc.0\n", ("1.18.0-rc.0", "27", False)),
    ],
)
def test_pins_win(tmp_path: Path, tools: str, expected: tuple[str, str, bool]) -> None:
    assert wanted(project(tmp_path, tools=tools, mix=requiring("~> 1.12"))) == expected


@pytest.mark.parametrize("pin", ["latest", "path:/opt/elixir", "system", "main", "1.17; id"])
def test_a_pin_that_is_no_version_is_passed_over(tmp_path: Path, pin: str) -> None:
    folder = project(tmp_path, tools=f"elixir {pin}\n", mix=requiring("~> 1.16.0"))
    assert wanted(folder)[0] == "1.16"


def test_mise_counts_like_tool_versions(tmp_path: Path) -> None:
    text = '[tools]\nelixir = "1.16.3-otp-26"\nerlang = "26.2.5"\n'
    assert wanted(project(tmp_path, mise=text)) == ("1.16.3", "26.2.5", True)


def test_pins_may_stand_above_the_project_but_not_above_the_checkout(tmp_path: Path) -> None:
    project(tmp_path, tools="elixir 1.13.0\n")
    top = project(tmp_path / "code", tools="elixir 1.16.0\nerlang 26.0\n")
    inner = project(top / "apps" / "shop", mix=requiring("~> 1.14"))
    assert wanted_versions(inner, top).elixir == "1.16.0"
    (top / ".tool-versions").unlink()
    assert wanted_versions(inner, top).source.startswith("mix.exs")


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("~> 1.14", next(iter(OTP_OF))),
        ("~> 1.14.2", "1.14"),
        (">= 1.13.0 and < 1.17.0", "1.16"),
        ("~> 1.15.0 or ~> 1.16.0", "1.16"),
        ("== 1.16.1", "1.16.1"),
        ("~> 1.99", "1.18"),
        ("not a version", USUAL),
    ],
)
def test_mix_exs_allows_the_newest_that_meets_it(
    tmp_path: Path, requirement: str, expected: str
) -> None:
    version, otp, _ = wanted(project(tmp_path, mix=requiring(requirement)))
    assert version == expected
    assert otp == OTP_OF[".".join(version.split(".")[:2])]


def test_inputs_win_over_everything(tmp_path: Path) -> None:
    folder = project(tmp_path, tools="elixir 1.17.2\nerlang 27.0\n")
    assert wanted(folder, elixir="1.15", otp="25") == ("1.15", "25", False)
    assert wanted(folder, otp="26.1") == ("1.17.2", "26.1", True)


def test_where_nothing_is_said_it_is_the_usual_one(tmp_path: Path) -> None:
    assert wanted_versions(tmp_path, tmp_path) == Wanted(USUAL, OTP_OF[USUAL], "nothing names one")
