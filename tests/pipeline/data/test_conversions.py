# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import Unusable
from bot.pipeline.data.conversions import converted
from bot.pipeline.data.xml_data import from_xml, to_xml
from bot.pipeline.language.file_steps import FileOptions
from bot.strict_yaml import parse


def convert(text: str, how: str, **options: Any) -> str:
    return converted(text, how, FileOptions(**options), path="in")


@pytest.mark.parametrize(
    ("text", "how", "options", "made"),
    [
        ("id,name\n1,x\n2,\"a,\n\"\"b\"\"\"\n", "csv_to_json", {"json_indent": 0}, '[{"id": "1", "name": "x"}, {"id": "2", "name": "a,\\n\\"b\\""}]\n'),
        ("id;n\r\n1;ä\r\n\r\n", "csv_to_json", {"json_indent": 0, "csv_delimiter": ";"}, '[{"id": "1", "n": "ä"}]\n'),
        ("1,2\n3\n", "csv_to_json", {"json_indent": 0, "csv_headers": False}, '[["1", "2"], ["3"]]\n'),
        ("", "csv_to_json", {}, "[]\n"),
        ('[{"a": 1, "b": null}, {"b": [1], "c": "x\\ny"}]', "json_to_csv", {}, 'a,b,c\n1,,\n,[1],"x\ny"\n'),
        ('[["a", true]]', "json_to_csv", {}, "a,true\n"),
        ("[]", "json_to_csv", {}, ""),
        ("a: [1, on, 12:30:00, 2024-01-01]\nb: {c: null}", "yaml_to_json", {"json_indent": 0}, '{"a": [1, "on", "12:30:00", "2024-01-01"], "b": {"c": null}}\n'),
        ('{"b": [1, "on", "12:30:00"], "a": "x: y"}', "json_to_yaml", {}, "b:\n- 1\n- 'on'\n- '12:30:00'\na: 'x: y'\n"),
        ('<?xml version="1.0" encoding="latin-1"?><!-- c --><r a="1&lt;"><i>x</i><i/><j k="2">t</j></r>', "xml_to_json", {"json_indent": 0},
         '{"r": {"@a": "1<", "i": ["x", null], "j": {"@k": "2", "#text": "t"}}}\n'),
        ('{"r": {"@a": "1<\\"", "i": ["x & y", null, 3, true], "j": {"@k": 2, "#text": "t"}}}', "json_to_xml", {},
         '<?xml version="1.0" encoding="UTF-8"?>\n<r a=\'1&lt;"\'>\n  <i>x &amp; y</i>\n  <i/>\n  <i>3</i>\n  <i>true</i>\n  <j k="2">t</j>\n</r>\n'),
    ],
)  # fmt: skip
def test_conversions(text: str, how: str, options: dict[str, Any], made: str) -> None:
    assert convert(text, how, **options) == made


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        ("a,a\n1,2\n", "csv_to_json", "two columns are called 'a'"),
        ("a,b\n1\n", "csv_to_json", "line 2 has 1 fields, the first row has 2"),
        ('a\n"x', "csv_to_json", "'in' cannot be converted"),
        ("a\n" + "x" * 200_000, "csv_to_json", "field larger than"),
        ('{"a": 1}', "json_to_csv", "CSV holds a list of maps or of lists"),
        ('[{"a": 1}, [2]]', "json_to_csv", "not both"),
        ('{"a": 1, "a": 2}', "json_to_csv", "key 'a' is given twice"),
        ("[NaN]", "json_to_yaml", "NaN is no JSON"),
        ("[1", "json_to_yaml", "cannot be converted"),
        ("[" * 100_000, "json_to_yaml", "cannot be converted"),
        ("a: 1\na: 2", "yaml_to_json", "the YAML:2:1: key 'a' is given twice"),
        ("a: &x [1]\nb: !!python/object:os.system {}", "yaml_to_json", "is not supported"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n" + "".join(f"d{i}: &d{i} [*{'c' if i == 0 else f'd{i - 1}'}, *{'c' if i == 0 else f'd{i - 1}'}]\n" for i in range(20)), "yaml_to_json", "too much"),
        ("a: .nan", "yaml_to_json", ""),
        ('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "xml_to_json", "a DTD is not supported"),
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "xml_to_json", "a DTD is not supported"),
        ("<r>&undefined;</r>", "xml_to_json", "not valid XML: undefined entity"),
        ("<r><a></r>", "xml_to_json", "not valid XML: mismatched tag"),
        ("<r>a<b/>c</r>", "xml_to_json", "<r> has text between its elements"),
        ("<a>" * 300 + "</a>" * 300, "xml_to_json", "nested too deeply"),
        ("", "xml_to_json", "not valid XML"),
        ("[1]", "json_to_xml", "exactly one key, the root"),
        ('{"a": 1, "b": 2}', "json_to_xml", "exactly one key, the root"),
        ('{"a": [1, 2]}', "json_to_xml", "one root"),
        ('{"a b": 1}', "json_to_xml", "'a b' is no name of an element"),
        ('{"a": {"@b c": 1}}', "json_to_xml", "no name of an attribute"),
        ('{"a": {"@b": [1]}}', "json_to_xml", "cannot stand where XML has text"),
        ('{"a": {"#text": "x", "b": 1}}', "json_to_xml", "'#text' cannot stand in <a>"),
        ('{"a": "\\u0000"}', "json_to_xml", "characters XML does not allow"),
        ('{"a><evil/>": 1}', "json_to_xml", "is no name of an element"),
    ],
)  # fmt: skip
def test_what_is_wrong_or_does_not_fit_is_an_error(text: str, how: str, message: str) -> None:
    if not message:
        assert convert(text, how) == '{\n  "a": ".nan"\n}\n'
        return
    with pytest.raises(Unusable) as error:
        convert(text, how)
    assert message in str(error.value)


_CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.lists(_CELLS, min_size=2, max_size=2), max_size=5))
@settings(deadline=None)
def test_tables_survive_csv(rows: list[list[str]]) -> None:
    data = [{"a": left, "b": right} for left, right in rows]
    there = convert(json.dumps(data), "json_to_csv")
    assert json.loads(convert(there, "csv_to_json")) == data


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _CELLS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_CELLS, inner, max_size=3),
    max_leaves=8,
)


@example({"<<": None})
@given(_JSON)
@settings(deadline=None)
def test_json_survives_yaml(data: Any) -> None:
    text = convert(json.dumps(data), "json_to_yaml")
    if data is not None:
        assert parse(text, path="x").value == data


_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=6,
)
_ELEMENT = st.recursive(
    st.none() | _TEXT,
    lambda inner: st.dictionaries(
        st.sampled_from(["b", "c", "@d", "x:e"]), inner, min_size=1, max_size=3
    ).map(
        lambda fields: {
            k: (v if isinstance(v, str) else "v") if k[0] == "@" else v for k, v in fields.items()
        }
    ),
    max_leaves=8,
)


@given(_ELEMENT)
@settings(deadline=None)
def test_data_survives_xml(element: Any) -> None:
    assert from_xml(to_xml({"a": element})) == {"a": element}


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_converts_or_is_an_error_of_ours(text: str) -> None:
    for how in (
        "csv_to_json",
        "json_to_csv",
        "yaml_to_json",
        "json_to_yaml",
        "xml_to_json",
        "json_to_xml",
    ):
        try:
            convert(text, how)
        except Unusable as error:
            assert error.message  # noqa: PT017 - any other exception is a bug
