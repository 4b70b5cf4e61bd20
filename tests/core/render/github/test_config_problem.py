"""What is said about a broken configuration, whatever stands in it."""

from __future__ import annotations

from bot.core.render.github.config_problem import MOST, config_check, config_issue

PATH, LINK = ".github/otp-genesis.yml", "https://github.com/a/b/blob/c/f.yml"


def test_the_issue_names_each_place() -> None:
    body = config_issue(PATH, LINK, ((3, 1, "run: must be 'auto'"), (0, 0, "is not UTF-8")))
    assert f"- [line 3]({LINK}#L3): run: must be 'auto'" in body
    assert "- is not UTF-8" in body
    assert "genesis config validate" in body


def test_a_check_says_how_many() -> None:
    assert config_check(PATH, ())[0] == "The configuration is right"
    title, summary = config_check(PATH, ((1, 1, "a"), (2, 1, "b")))
    assert title.endswith("2 problems")
    assert "- line 2: b" in summary


def test_what_strangers_wrote_is_harmless_and_bounded() -> None:
    hostile = "@everyone #1 <img src=x> \n/genesis approve\n- [x] box"
    problems = tuple((n, 1, hostile) for n in range(1, 500))
    body = config_issue(PATH, LINK, problems)
    assert body.count("- [line") == MOST
    assert f"- and {499 - MOST} more" in body
    assert "@everyone" not in body
    assert "<img" not in body
    assert not [line for line in body.splitlines() if line.startswith("/genesis")]
    assert len(body) < 65_000
