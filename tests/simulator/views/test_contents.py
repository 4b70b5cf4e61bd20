"""base64 and paths, as answers hold them."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote_to_bytes

from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.views.commits import quoted, readable
from bot.simulator.views.contents import LINE, encoded

PATHS = st.binary(max_size=40).map(lambda raw: raw.decode(errors="surrogateescape"))


@given(st.binary(max_size=500))
def test_content_comes_in_short_lines(data: bytes) -> None:
    text = encoded(data)
    assert base64.b64decode(text) == data
    assert all(len(line) <= LINE for line in text.splitlines())
    assert text == "" or text.endswith("\n")


@given(PATHS)
def test_any_path_fits_into_json_and_urls(path: str) -> None:
    assert json.loads(json.dumps(readable(path)).encode()) == readable(path)
    assert unquote_to_bytes(quoted(path)) == path.encode(errors="surrogateescape")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_path_of_unicode_is_shown_as_it_is(path: str) -> None:
    assert readable(path) == path
