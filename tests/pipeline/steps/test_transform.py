# ruff: noqa: E501 - in tables of cases one line per case reads best
from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.errors import ConfigError, Unusable
from bot.pipeline.data.transforms import MAX_ITEMS, transformed
from bot.pipeline.expressions.expr import ExpressionError
from bot.pipeline.language.transform_operations import Operation
from bot.pipeline.results import RunResult
from tests.pipeline.support import run, steps

OPERATION: TypeAdapter[Any] = TypeAdapter(Operation)

ISSUES = [
    {"id": 1, "severity": "high", "score": 5, "tags": ["a", "b"], "by": {"name": "x"}},
    {"id": 2, "severity": "low", "score": 9.5, "tags": [], "by": {"name": "y"}},
    {"id": 3, "severity": "high", "score": 7, "tags": ["b"], "by": {"name": "x"}},
    {"id": 4, "severity": None, "tags": ["c"], "by": {}},
]


def apply(data: Any, *operations: str, **names: Any) -> Any:
    """Operations written as in YAML."""
    made = [OPERATION.validate_python(yaml.safe_load(text)) for text in operations]
    before = copy.deepcopy(data)
    result = transformed(data, made, names)
    assert data == before
    return result


def ids(result: Any) -> list[int]:
    return [item["id"] for item in result]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("{operation: filter, condition: score > 5}", "nothing at"),
        ("{operation: filter, condition: severity == 'high' and score > 5}", [3]),
        ("{operation: filter, condition: item.severity == 'high'}", [1, 3]),
        ("{operation: filter, condition: score exists && score > inputs.limit}", [2, 3]),
        ("{operation: filter, condition: {or: [id == 4, {not: severity != 'low'}]}}", [2, 4]),
        ("{operation: filter, condition: [severity exists, score < 9]}", [1, 3]),
        ("{operation: filter, condition: tags contains 'b'}", [1, 3]),
        ("{operation: filter, condition: by.name matches '^x'}", "nothing at"),
        ("{operation: filter, condition: false}", []),
        ("{operation: filter, field: severity, condition: severity == 'low'}", [2]),
        ("{operation: sort, by: id, order: desc}", [4, 3, 2, 1]),
        ("{operation: sort, field: score}", [1, 3, 2, 4]),
        ("{operation: sort, by: score, order: desc}", [2, 3, 1, 4]),
        ("{operation: sort, by: 'severity,score desc'}", [3, 1, 2, 4]),
        ("{operation: sort, by: [severity desc, id]}", [2, 1, 3, 4]),
        ("{operation: sort, by: by.name}", [1, 3, 2, 4]),
        ("{operation: unique, by: severity}", [1, 2, 4]),
        ("{operation: unique}", [1, 2, 3, 4]),
        ("{operation: limit, count: 2}", [1, 2]),
        ("{operation: limit, count: 2, offset: 3}", [4]),
    ],
)
def test_operations_that_choose_and_order(operation: str, expected: Any) -> None:
    names = {"inputs": {"limit": 6}}
    if isinstance(expected, str):
        with pytest.raises(ExpressionError, match=r"operation 1 \(filter\)"):
            apply(ISSUES, operation, **names)
        return
    assert ids(apply(ISSUES, operation, **names)) == expected
    if "field" not in operation:
        inside = operation.replace("operation:", "field: report.items, operation:")
        kept = apply({"report": {"items": ISSUES, "n": 1}, "m": 2}, inside, **names)
        assert ids(kept["report"]["items"]) == expected
        assert (kept["report"]["n"], kept["m"]) == (1, 2)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("{operation: map, expression: id}", [1, 2, 3, 4]),
        ("{operation: map, expression: \"id > 2 ? 'big' : 'small'\"}", ["small", "small", "big", "big"]),
        ("{operation: map, expression: '{\"n\": item.id * 2, \"first\": index == 0}'}",
         [{"n": 2, "first": True}, {"n": 4, "first": False}, {"n": 6, "first": False}, {"n": 8, "first": False}]),
        ("{operation: select, fields: [id, score]}",
         [{"id": 1, "score": 5}, {"id": 2, "score": 9.5}, {"id": 3, "score": 7}, {"id": 4}]),
        ("{operation: flatten, field: tags}", ["a", "b", "b", "c"]),
        ("{operation: aggregate, function: sum, value_field: score}", 21.5),
        ("{operation: aggregate, field: score, function: average}", 21.5 / 3),
        ("{operation: aggregate, value_field: score, function: median}", 7),
        ("{operation: aggregate, value_field: score, function: min}", 5),
        ("{operation: aggregate, value_field: score, function: max}", 9.5),
        ("{operation: aggregate, function: count}", 4),
        ("{operation: aggregate, function: count, value_field: score}", 3),
        ("{operation: aggregate, function: count_distinct, value_field: severity}", 2),
        ("{operation: aggregate, function: unique, value_field: severity}", ["high", "low"]),
        ("{operation: aggregate, function: first, value_field: score}", 5),
        ("{operation: aggregate, function: last, value_field: score}", 7),
        ("{operation: aggregate, function: count, group_by: severity}", {"high": 2, "low": 1, "null": 1}),
        ("{operation: aggregate, function: sum, value_field: score, group_by: by.name}", {"x": 12, "y": 9.5, "null": 0}),
        ("{operation: group_by, key: severity, aggregate: {n: count, total: sum(score)}}",
         {"high": {"n": 2, "total": 12}, "low": {"n": 1, "total": 9.5}, "null": {"n": 1, "total": 0}}),
        ("{operation: extract, expression: '$[*].by.name'}", ["x", "y", "x"]),
        ("{operation: extract, expression: '$[?(@.score > 6)].id'}", "no field 'score'"),
        ("{operation: extract, expression: '[?(score exists and score > 6)].id'}", [2, 3]),
        ("{operation: extract, expression: '[-1].id'}", 4),
    ],
)  # fmt: skip
def test_operations_that_make_something_else(operation: str, expected: Any) -> None:
    if isinstance(expected, str):
        with pytest.raises(ExpressionError, match=expected):
            apply(ISSUES, operation)
    else:
        assert apply(ISSUES, operation) == expected


def test_deviation_and_variance_are_of_the_whole_population() -> None:
    data = [2, 4, 4, 4, 5, 5, 7, 9]
    assert apply(data, "{operation: aggregate, function: std_dev}") == 2
    assert apply(data, "{operation: aggregate, function: variance}") == 4
    assert apply([], "{operation: aggregate, function: std_dev}") is None


def test_values_are_translated_by_a_mapping_and_others_stay() -> None:
    data = [{"p": 1}, {"p": "2"}, {"p": 9}, {}]
    mapping = "mapping: {'1': high, '2': low}"
    expected = [{"p": "high"}, {"p": "low"}, {"p": 9}, {"p": None}]
    assert apply(data, f"{{operation: map, field: p, {mapping}}}") == expected
    assert apply({"l": data}, f"{{operation: map, field: l, by: p, {mapping}}}") == {"l": expected}
    assert apply([{"a": 1}], "{operation: map, mapping: {b: 2}}") == [{"a": 1, "b": 2}]
    assert apply([{"a": 1, "b": 2}], "{operation: rename, fields: {a: x}}") == [{"x": 1, "b": 2}]


JOIN_LEFT = [{"id": 1, "l": "a"}, {"id": 2, "l": "b"}, {"id": None, "l": "c"}, {"id": 1, "l": "d"}]
JOIN_RIGHT = [{"id": 1, "r": "x"}, {"id": 3, "r": "y"}, {"id": 1.0, "r": "z"}, {"r": "w"}]


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("inner", ["ax", "az", "dx", "dz"]),
        ("left", ["ax", "az", "b", "c", "dx", "dz"]),
        ("right", ["ax", "az", "dx", "dz", "y", "w"]),
        ("full", ["ax", "az", "b", "c", "dx", "dz", "y", "w"]),
        ("outer", ["ax", "az", "b", "c", "dx", "dz", "y", "w"]),
    ],
)
def test_a_join_is_a_relational_join(kind: str, rows: list[str]) -> None:
    operation = f"{{operation: join, left_field: l, right_source: steps.r.data, join_key: id, join_type: {kind}, as: j}}"
    result = apply({"l": JOIN_LEFT}, operation, steps={"r": {"data": JOIN_RIGHT}})
    assert [row.get("l", "") + row.get("r", "") for row in result["j"]] == rows
    assert result["l"] == JOIN_LEFT


def test_in_a_list_the_left_field_is_the_key() -> None:
    operation = "{operation: join, left_field: user, right_source: 'steps.users', join_key: id}"
    joined = apply(
        [{"user": 7, "n": 1}], operation, steps={"users": [{"id": 7, "name": "k", "n": 2}]}
    )
    assert joined == [{"user": 7, "n": 2, "id": 7, "name": "k"}]


def test_the_examples_of_the_documentation() -> None:
    data = {"vulnerabilities": [
        {"cve_id": "C1", "cvss_score": 9, "severity": "critical", "category": "net", "description": "d" * 300},
        {"cve_id": "C2", "cvss_score": 5, "severity": "high", "category": "io", "description": "e"},
        {"cve_id": "C3", "cvss_score": 1, "severity": "low", "category": "io", "description": "f"},
    ]}  # fmt: skip
    result = apply(
        data,
        """{operation: filter, field: vulnerabilities, condition: "severity == 'critical' or severity == 'high'"}""",
        """
        operation: map
        field: vulnerabilities
        expression: |
          {
            "id": item.cve_id,
            "risk_score": item.cvss_score * 10,
            "priority": item.cvss_score > 7 ? "urgent" : "normal",
            "severity": severity,
            "description": substring(item.description, 0, 200)
          }
        """,
        "{operation: aggregate, field: vulnerabilities, function: count, group_by: severity, as: severity_counts}",
        "{operation: sort, field: vulnerabilities, by: risk_score}",
    )
    assert [v["id"] for v in result["vulnerabilities"]] == ["C2", "C1"]
    assert result["vulnerabilities"][1]["priority"] == "urgent"
    assert len(result["vulnerabilities"][1]["description"]) == 200
    assert result["severity_counts"] == {"critical": 1, "high": 1}


def test_test_results_are_analysed_as_documented() -> None:
    data = {"suites": [
        {"tests": [{"status": "failed", "suite_name": "s", "priority": "critical"}, {"status": "ok", "suite_name": "s"}]},
        {"tests": [{"status": "failed", "suite_name": "t", "priority": "low"}, {"status": "failed", "suite_name": "s", "priority": "low"}]},
    ]}  # fmt: skip
    result = apply(
        data,
        "{operation: extract, expression: '$.suites[*].tests[*]', as: all_tests}",
        """{operation: filter, field: all_tests, condition: "status == 'failed'", as: failed_tests}""",
        "{operation: group_by, field: failed_tests, key: suite_name, as: failures_by_suite}",
        """
        operation: map
        field: failures_by_suite
        expression: |
          {"suite": key, "failure_count": length(value),
           "critical_failures": filter(value, "priority == 'critical'") | length}
        """,
        "{operation: sort, field: failures_by_suite, by: failure_count, order: desc}",
    )
    assert len(result["all_tests"]) == 4
    assert result["failures_by_suite"] == [
        {"suite": "s", "failure_count": 2, "critical_failures": 1},
        {"suite": "t", "failure_count": 1, "critical_failures": 0},
    ]


def test_entries_of_a_map_can_be_filtered_and_mapped() -> None:
    data = {"a": [1], "b": [1, 2]}
    assert apply(data, "{operation: filter, condition: length(value) > 1}") == {"b": [1, 2]}
    assert apply(data, "{operation: map, expression: key ~ length(value)}") == ["a1", "b2"]


@pytest.mark.parametrize(
    ("data", "operation", "message"),
    [
        ({"a": 1}, "{operation: sort, by: x}", "operation 1 (sort): needs a list, got a map"),
        ({"a": 1}, "{operation: sort, field: b, by: x}", "there is nothing at 'b'; there are: a"),
        ({"a": 1}, "{operation: limit, field: a, count: 1}", "needs a list, got the number 1"),
        ([{"x": 1}], "{operation: sort, field: items, by: x}", "'field: items' leads nowhere"),
        ([{"x": 1}, {"x": "b"}], "{operation: sort, by: x}", "cannot compare"),
        ([{"x": 1}], "{operation: limit, count: 1, as: y}", "'as' needs a map"),
        ([1, 2], "{operation: select, fields: [a]}", "needs a list of maps, and it holds the number 1"),
        ([1], "{operation: join, right_source: '[{}]', join_key: a}", "needs a list of maps"),
        ([{}], "{operation: join, right_source: '3', join_key: a}", "'right_source' must give a list"),
        ([{"x": 1}], "{operation: aggregate, function: sum}", "'sum' of maps needs a 'value_field'"),
        ([{"x": "a"}], "{operation: aggregate, function: sum, value_field: x}", "'sum' needs numbers, got the text 'a'"),
        ([{"k": 1}, {"k": "1"}], "{operation: group_by, key: k}", "make the same key"),
        ([{"k": 1}], "{operation: group_by}", "needs a 'key'"),
        ([{"t": 1}], "{operation: flatten, field: t}", "'t' must be a list in every item"),
        ([{"t": [1]}, {}], "{operation: flatten, field: t}", "'t' must be a list in every item, got null"),
        ({"a": 1}, "{operation: extract, expression: $.b.c}", "there is nothing at '$.b.c'"),
        ([{"score": 1}], "{operation: filter, condition: scroe > 1}", "item 0: there is no field 'scroe'; there are: score"),
        ([{"s": "x"}], "{operation: filter, condition: s}", "neither true nor false"),
        ([0] * (MAX_ITEMS + 1), "{operation: limit, count: 1}", f"are more than {MAX_ITEMS}"),
        ([[0] * 1000] * 101, "{operation: flatten}", f"more than {MAX_ITEMS} items"),
        ([{"k": 1}] * 400, "{operation: join, right_source: 'map(range(400), \"{\\\"k\\\": 1}\")', join_key: k}", "more than"),
    ],
)  # fmt: skip
def test_data_that_does_not_fit_is_an_error_that_says_where(
    data: Any, operation: str, message: str
) -> None:
    with pytest.raises(ExpressionError) as error:
        apply(data, operation)
    assert message in error.value.message


def transform(body: str, data: Any, **inputs: Any) -> RunResult:
    text = "- name: t\n  type: data_transform\n" + "".join(
        f"  {line}\n" for line in body.splitlines()
    )
    head = "inputs: {x: {type: any}, y: {type: any}}"
    after = "- {name: after, type: set_variable, variables: {v: '{{ steps.t.data }}'}}"
    return run(steps(text + after, head=head), {"x": data, **inputs})


def test_the_step_gives_its_result_and_sets_a_variable() -> None:
    body = "input_source: inputs.x\noperations: [{operation: filter, condition: '@ > inputs.y'}]\noutput_field: kept"
    result = transform(body, [1, 2, 3], y=1)
    assert result.steps["t"].data == {"kept": [2, 3], "count": 2}
    assert json.loads(result.steps["t"].text) == [2, 3]
    assert result.steps["after"].data == {"v": {"kept": [2, 3], "count": 2}}


def test_the_variable_is_known_to_later_steps_and_no_other_is() -> None:
    text = """
    - {name: t, type: data_transform, input_source: inputs.x, output_field: kept, operations: [{operation: limit, count: 1}]}
    - {name: u, type: set_variable, variables: {n: "{{ kept[0] }}"}}
    """
    result = run(steps(text, head="inputs: {x: {type: any}}"), {"x": [5, 6]})
    assert result.steps["u"].data == {"n": 5}
    with pytest.raises(ConfigError, match="'kept' is not defined"):
        steps(text.replace("output_field: kept, ", ""), head="inputs: {x: {type: any}}")


@pytest.mark.parametrize(
    ("form", "value"),
    [("json", '[\n  1,\n  "a"\n]'), ("jsonl", '1\n"a"\n'), ("string", '[1, "a"]'), ("count", 2)],
)
def test_output_formats(form: str, value: Any) -> None:
    body = f"input_source: inputs.x\noperations: [{{operation: limit, count: 9}}]\noutput_format: {form}"
    assert transform(body, [1, "a"]).steps["t"].data["result"] == value


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("previous_response:scan", [1, 2]),
        ("steps.scan", [1, 2]),
        ("'{{ steps.scan.result }}'", [1, 2]),
        ("previous_response:deep:a.b", [3]),
        ("previous_response:deep.a.b", [3]),
        ("deep.a.b", [3]),
        ("'[1] + inputs.x'", [1, 9]),
    ],
)
def test_sources_of_either_notation(source: str, data: Any) -> None:
    text = f"""
    - {{name: scan, type: data_transform, input_source: '[1, 2]', operations: [{{operation: limit, count: 9}}]}}
    - {{name: deep, type: set_variable, variables: {{a: {{b: [3]}}}}}}
    - {{name: t, type: data_transform, input_source: {source}, operations: [{{operation: limit, count: 9}}]}}
    """
    result = run(steps(text, head="inputs: {x: {type: any}}"), {"x": [9]})
    assert result.error is None
    assert result.steps["t"].data == {"result": data, "count": len(data)}


def test_a_bad_operation_fails_the_step_not_the_run() -> None:
    text = """
    - name: t
      type: data_transform
      continue_on_error: true
      input_source: inputs.x
      operations:
        - {operation: limit, count: 5}
        - {operation: sort, by: a}
    - {name: u, type: set_variable, variables: {v: 1}}
    """
    result = run(steps(text, head="inputs: {x: {type: any}}"), {"x": [{"a": 1}, {"a": "b"}]})
    assert result.status == "succeeded"
    failed = result.steps["t"]
    assert isinstance(failed.error, Unusable)
    assert "step 't': operation 2 (sort): cannot compare" in failed.error.message
    assert (failed.status, failed.data) == ("failed", None)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("{operation: fliter, condition: a}", ":9:"),
        ("{operation: fliter, condition: a}", "unknown operation 'fliter'; did you mean 'filter'?"),
        ("{operation: filter, conditoin: a}", "operations.0.condition: this key is missing"),
        ("{operation: filter, condition: a, by: b}", "operations.0.by: unknown key"),
        ("{operation: sort, by: a, ordr: desc}", "unknown key; did you mean 'order'?"),
        ("{condition: a}", "the key 'operation' is missing"),
        ("{operation: filter, condition: 'a >'}", "operations.0.condition: 'a >': unexpected"),
        ("{operation: filter, condition: [a, 'b) or (c']}", "unexpected"),
        ("{operation: filter, condition: {xor: [a]}}", "has the key and, or, not"),
        ("{operation: map}", "exactly one of 'expression' and 'mapping'"),
        ("{operation: map, field: a, expression: uppercase}", "write merge(item"),
        ("{operation: map, expression: 'a | nope'}", "there is no filter 'nope'"),
        ("{operation: sort, by: a up}", "is no field with 'asc' or 'desc'"),
        ("{operation: sort, by: 'a[0]'}", "is no dotted way"),
        ("{operation: aggregate, function: mode}", "function"),
        ("{operation: group_by, key: a, aggregate: {n: size}}", "there is no 'size'"),
        ("{operation: group_by, key: a, aggregate: {n: sum(}}", "is no call such as"),
        ("{operation: extract, expression: 'a[b]'}", "is no way into data"),
        ("{operation: extract, expression: 'a[?(@.b > )]'}", "unexpected"),
        ("{operation: extract, expression: 'a[?(b'}", "a bracket is not closed"),
        ("{operation: join, right_source: 'context:a', join_key: k}", "write the name itself"),
        (
            "{operation: join, field: a, left_field: b, right_source: inputs.x, join_key: k}",
            "mean the same here",
        ),
        (
            "{operation: filter, condition: a > steps.later.n}",
            "step 'later' has not run at this point",
        ),
        (
            "{operation: filter, condition: 'any(tags, \"@ == inputs.nope\")'}",
            "there is no input 'nope'",
        ),
        ("{operation: join, right_source: nope.x, join_key: k}", "'nope' is not defined here"),
    ],
)
def test_mistakes_are_found_when_the_pipeline_is_read(operation: str, message: str) -> None:
    text = f"""
    - name: t
      type: data_transform
      input_source: inputs.x
      operations:
        - {operation}
    - {{name: later, type: set_variable, variables: {{n: 1}}}}
    """
    with pytest.raises(ConfigError) as error:
        steps(text, head="inputs: {x: {type: any}}")
    assert message in str(error.value)


@pytest.mark.parametrize(
    "key", ["lazy: {enabled: true}", "stream_mode: true", "output_file: a.jsonl"]
)
def test_keys_of_pipeline_ex_that_mean_nothing_here_are_refused_with_a_reason(key: str) -> None:
    text = f"- {{name: t, type: data_transform, input_source: '[1]', operations: [{{operation: limit, count: 1}}], {key}}}"
    with pytest.raises(
        ConfigError, match=r"not supported here: (data is never|write output_to_file)"
    ):
        steps(text)


_ROWS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"k": st.none() | st.integers(0, 3) | st.just(2.0), "v": st.integers(0, 9)}
    ),
    max_size=9,
)


@given(_ROWS, st.sampled_from(["asc", "desc"]))
@settings(deadline=None)
def test_sorting_keeps_every_item_orders_them_and_is_stable(rows: list[Any], order: str) -> None:
    result = apply(rows, f"{{operation: sort, by: k, order: {order}}}")
    assert Counter(map(json.dumps, result)) == Counter(map(json.dumps, rows))
    keys = [row["k"] for row in result if row.get("k") is not None]
    assert keys == sorted(keys, reverse=order == "desc")
    assert all(row.get("k") is None for row in result[len(keys) :])
    for key in {None, *keys}:
        assert [r for r in result if r.get("k") == key] == [r for r in rows if r.get("k") == key]
    assert apply(result, f"{{operation: sort, by: k, order: {order}}}") == result


@given(_ROWS)
@settings(deadline=None)
def test_groups_part_the_items(rows: list[Any]) -> None:
    groups = apply(rows, "{operation: group_by, key: k}")
    assert Counter(json.dumps(r) for g in groups.values() for r in g) == Counter(
        map(json.dumps, rows)
    )
    assert all(len({r.get("k") for r in group}) == 1 for group in groups.values())
    counts = apply(rows, "{operation: aggregate, function: count, group_by: k}")
    assert counts == {key: len(group) for key, group in groups.items()}
    assert len(apply(rows, "{operation: unique, by: k}")) == len(groups)


@given(_ROWS, _ROWS)
@settings(deadline=None)
def test_joins_relate_to_each_other(left: list[Any], right: list[Any]) -> None:
    def join(kind: str) -> list[Any]:
        operation = f"{{operation: join, right_source: steps.r, join_key: k, join_type: {kind}}}"
        result: list[Any] = apply(left, operation, steps={"r": right})
        return result

    inner, only_left, only_right, full = (join(kind) for kind in ("inner", "left", "right", "full"))
    pairs = sum(a.get("k") == b.get("k") and a.get("k") is not None for a in left for b in right)
    assert len(inner) == pairs
    assert len(full) == len(only_left) + len(only_right) - len(inner)
    assert all(row in full for row in (*inner, *only_left, *only_right))
    assert len(only_left) >= len(left) or not left


@given(_ROWS, st.integers(-1, 10))
@settings(deadline=None)
def test_a_filter_and_its_opposite_part_the_items(rows: list[Any], limit: int) -> None:
    there = [row for row in rows if "v" in row]
    kept = apply(there, f"{{operation: filter, condition: v > {limit}}}")
    dropped = apply(there, f"{{operation: filter, condition: not v > {limit}}}")
    assert len(kept) + len(dropped) == len(there)
    assert kept == [row for row in there if row["v"] > limit]
