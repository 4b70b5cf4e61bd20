"""Search and replace: exactly what was quoted, or a reason that helps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.editing import problem, replace
from bot.errors import NoMatch

CART = """\
defmodule Shop.Cart do
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts)

  def total(cart) do
    Enum.sum(cart.prices)
  end

  def count(cart) do
    length(cart.items)
  end
end
"""


def miss(text: str, old: str) -> NoMatch:
    with pytest.raises(NoMatch) as caught:
        replace(text, old, "new")
    return caught.value


def test_what_occurs_once_is_replaced() -> None:
    edited, count = replace(CART, "length(cart.items)", "map_size(cart.items)")
    assert edited == CART.replace("length(", "map_size(")
    assert count == 1


def test_what_occurs_often_is_replaced_only_when_every_place_is_meant() -> None:
    assert replace("a b a b", "a", "c", every=True) == ("c b c b", 2)
    assert replace("aaaa", "aa", "b", every=True) == ("bb", 2)
    assert "occurs 2 times, at lines 1, 3" in miss("a\nb\na\n", "a").message
    assert "every occurrence" in miss("a\nb\na\n", "a").hint


def test_places_that_overlap_are_several() -> None:
    assert "occurs 2 times, at line 1" in miss("aaa", "aa").message


def test_of_many_places_the_first_are_named() -> None:
    assert miss("a\n" * 40, "a").message.endswith(
        "40 times, at lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ..."
    )


def test_nothing_is_no_text_to_replace() -> None:
    assert "is empty" in miss(CART, "").message
    assert "the file is empty" in miss("", "x").message


PIECES = st.lists(st.sampled_from(["a", "b", " ", "\n", "\r\n", "\r"]), max_size=8).map("".join)


@given(PIECES, PIECES.filter(bool), PIECES, st.sampled_from(["", "X", "X\nY", "X\r\n"]))
def test_what_is_not_quoted_stays_byte_for_byte(
    before: str, old: str, after: str, new: str
) -> None:
    text = before + old + after
    units = re.findall(r"\r\n|.", text, re.DOTALL)
    plain = "".join("\n" if unit == "\r\n" else unit for unit in units)
    quoted = old.replace("\r\n", "\n")
    places = [at for at in range(len(plain)) if plain.startswith(quoted, at)]
    try:
        edited, count = replace(text, old, new)
    except NoMatch:
        assert len(places) != 1
        return
    assert (len(places), count) == (1, 1)
    end = places[0] + len(quoted)
    assert edited.startswith("".join(units[: places[0]]))
    assert edited.endswith("".join(units[end:])) or not units[end:]
    wanted = plain[: places[0]] + new.replace("\r\n", "\n") + plain[end:]
    assert edited.replace("\r\n", "\n").removesuffix("\n") == wanted.removesuffix("\n")


@given(st.text(alphabet="ab\n", max_size=30), st.text(alphabet="ab\n", min_size=1, max_size=3))
def test_every_place_is_what_python_replaces(text: str, old: str) -> None:
    try:
        edited, count = replace(text, old, "X", every=True)
    except NoMatch:
        assert old not in text
        return
    assert count == text.count(old)
    assert edited.removesuffix("\n") == text.replace(old, "X").removesuffix("\n")


def test_line_ends_of_windows_are_kept_and_need_not_be_quoted() -> None:
    text = "def a do\r\n  1\r\nend\r\n"
    assert (
        replace(text, "do\n  1\nend", "do\n  2\n  3\nend")[0] == "def a do\r\n  2\r\n  3\r\nend\r\n"
    )
    assert replace(text, "do\r\n  1", "do\r\n  2")[0] == "def a do\r\n  2\r\nend\r\n"
    assert replace("a\nb\n", "a\r\nb", "c\r\nd")[0] == "c\nd\n"


def test_a_file_of_both_kinds_keeps_each_line_end() -> None:
    text = "one\r\ntwo\nthree\r\nfour\n"
    assert replace(text, "two", "2\n2")[0] == "one\r\n2\n2\nthree\r\nfour\n"
    assert replace(text, "one\ntwo", "1\n2")[0] == "1\r\n2\nthree\r\nfour\n"


def test_the_final_line_break_stays() -> None:
    assert replace("a\nb\n", "b\n", "c")[0] == "a\nc\n"
    assert replace("a\r\nb\r\n", "b\n", "c")[0] == "a\r\nc\r\n"
    assert replace("a\nb", "b", "c")[0] == "a\nc"
    assert replace("a\nb", "b", "c\n")[0] == "a\nc\n"
    assert replace("a\n", "a\n", "")[0] == ""


MISSES = [
    ("  def total(cart) do\n      Enum.sum(cart.prices)", "indentation differs", "lines 6 to 7"),
    ("\tEnum.sum(cart.prices)", "indentation differs", "line 7"),
    ("Enum.sum(cart.prices)  ", "blanks at the end", "line 7"),
    ("def count(cart) do  \n    length(cart.items)", "blanks at the end", "lines 10 to 11"),
    ("Enum.sum( cart.prices )", "blanks or tabs within", "line 7"),
    ("   10\tdef count(cart) do\n   11\t  length", "line numbers", "lines 10 to 11"),
    ("10: def count(cart) do", "line numbers", "line 10"),
    ("def Total(cart) do", "upper and lower case", "line 6"),
    ("def total(cart) do\\n    Enum.sum", "escaped, with a backslash", "lines 6 to 7"),
    ("Enum.sum(cart.price)", "not written like this", "line 7"),
    ("opts), do: Genserver.start(__MODULE__", "not written like this", "line 4"),
    ("  def total(cart) do\n    Enum.max(cart.prices)\n  end", "not written", "lines 6 to 8"),
]


@pytest.mark.parametrize(("old", "why", "place"), MISSES)
def test_a_miss_says_what_differs_and_shows_the_nearest_lines(
    old: str, why: str, place: str
) -> None:
    error = miss(CART, old)
    assert why in error.message
    assert f"nearest is {place}:" in error.hint
    first = int(re.findall(r"\d+", place)[0])
    assert CART.split("\n")[first - 1] in error.hint


def test_a_miss_names_the_line_that_was_quoted_wrongly() -> None:
    error = miss(CART, "  def total(cart) do\n    Enum.max(cart.prices)\n  end")
    assert error.hint.endswith("line 7 was quoted as:\n    Enum.max(cart.prices)")


@pytest.mark.parametrize(
    ("text", "old", "why"),
    [
        ('say("it")\n', "say(\u201cit\u201d)", "look alike"),
        ("# caf\u00e9 au lait\n", "# cafe\u0301 au lait", "look alike"),
        ("a  =  b\n", "a\u00a0=\u00a0b", "blanks or tabs within"),
        ("x = a && b < c\n", "x = a &amp;&amp; b &lt; c", "escaped for HTML"),
    ],
)
def test_characters_that_look_alike_are_told_apart(text: str, old: str, why: str) -> None:
    assert why in miss(text, old).message


def test_nothing_like_it_shows_nothing() -> None:
    error = miss(CART, "Phoenix.PubSub.broadcast(topic)")
    assert "nor anything like it" in error.message
    assert "Shop" not in error.hint


def test_a_hint_is_short_and_shows_nothing_hidden() -> None:
    secret = "def f do\u200b\n" + "  x = 1\u202e\n" * 50 + "end\n"
    error = miss(secret + "y" * 5_000 + "\n", "def f do\n" + "  x = 1\n" * 50 + "end")
    assert "(40 more lines)" in error.hint
    assert not re.search("[\u200b\u202e]", error.hint)
    assert len(miss("long " + "y" * 5_000 + "\n", "long  yyyy").hint) < 500


@given(st.text(max_size=60), st.text(min_size=1, max_size=30))
def test_any_miss_has_a_reason_and_a_hint(text: str, old: str) -> None:
    if old.replace("\r\n", "\n") in text.replace("\r\n", "\n"):
        return
    error = miss(text, old)
    assert error.message
    assert error.hint or not text


def test_an_elixir_file_that_does_not_parse_is_told_by_line() -> None:
    assert problem("lib/a.ex", "defmodule A do\n  def f do\n  end\n") != ""
    assert problem("lib/a.ex", "defmodule A do\n  x = (1\nend\n").startswith("line ")
    assert problem("lib/a.ex", CART) == ""
    assert problem("README.md", "defmodule A do\n") == ""
