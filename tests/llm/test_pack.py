from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.pack import looks_like_pack, read_pack

PACK = """This file is a merged representation.

<directory_structure>
lib/a.ex
</directory_structure>

<files>
This section contains the contents of the repository's files.

<file path="lib/a.ex">
defmodule A do
end
</file>

<file path="lib/b &amp; c.ex">
"<file>" </file> inside a line
</file>

</files>
"""


def test_files_are_read_as_they_were_packed() -> None:
    assert read_pack(PACK) == {
        "lib/a.ex": "defmodule A do\nend\n",
        "lib/b & c.ex": '"<file>" </file> inside a line\n',
    }


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a", "lib/../../a", "C:/a", "", " ", "a\0b", "..\\a", "&#46;&#46;/a"]
)
def test_paths_that_leave_the_root_are_dropped(path: str) -> None:
    assert read_pack(f'<file path="{path}">\nx\n</file>\n') == {}


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("", {}),
        ("no pack <file> here", {}),
        ("<file path='a.ex'>\nx\n</file>\n", {"a.ex": "x\n"}),
        ('<file path="a.ex">\nx', {"a.ex": "x\n"}),
        ('<file path="a.ex">\n</file>\n', {"a.ex": ""}),
        ('<file path="a.ex">\r\nx\r\n</file>\r\n', {"a.ex": "x\n"}),
        ('<file path="a.ex" lines="3">\nx\n</file>\n', {"a.ex": "x\n"}),
        ('<file path="./a.ex">\n1\n</file>\n<file path="a.ex">\n2\n</file>\n', {"a.ex": "1\n"}),
        ('<file path="a">\n1\n<file path="b">\n2\n</file>\n', {"a": "1\n", "b": "2\n"}),
    ],
)
def test_odd_packs(text: str, files: dict[str, str]) -> None:
    assert read_pack(text) == files


def test_hostile_packs_take_linear_time() -> None:
    # Quadratic work on any of these runs into the suite's time limit.
    assert read_pack('<file path="' * 200_000) == {}
    assert read_pack('<file path="a">\n' * 200_000) == {"a": ""}
    assert len(read_pack('<file path="a">\n' + "</file" * 500_000)["a"]) == 3_000_001


@given(st.text(alphabet="<>/file pah=\"\n'&a.", max_size=200))
def test_any_text_is_a_pack_or_none(text: str) -> None:
    files = read_pack(text)
    assert looks_like_pack(text) or not files
    assert all(path and not path.startswith("/") for path in files)


_NAMES = st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5}){0,2}\.exs?", fullmatch=True)
_BODIES = st.text(alphabet='ab \n{}"#</>', max_size=40).filter(lambda body: "<file" not in body)


@given(st.dictionaries(_NAMES, _BODIES, max_size=4))
def test_packing_and_reading_gives_the_same_files(files: dict[str, str]) -> None:
    text = "".join(f'<file path="{path}">\n{body}\n</file>\n\n' for path, body in files.items())
    assert read_pack(text) == {path: f"{body}\n" for path, body in files.items()}
