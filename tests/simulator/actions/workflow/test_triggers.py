"""Which events start a workflow."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.actions.workflow.loader import load_workflow
from bot.simulator.actions.workflow.patterns import PatternError, fits, selects
from bot.simulator.actions.workflow.triggers import Event, starts

MAIN = "refs/heads/main"


def begins(on: str, event: Event) -> bool:
    text = f"on: {on}\njobs: {{a: {{runs-on: x, steps: [{{run: x}}]}}}}"
    return starts(load_workflow(text.encode(), "ci.yml"), event)


@pytest.mark.parametrize(
    ("on", "event", "expected"),
    [
        ("push", Event("push", ref=MAIN), True),
        ("push", Event("pull_request", "opened", MAIN), False),
        ("[push, issues]", Event("issues", "opened"), True),
        ("{push: {branches: [main]}}", Event("push", ref=MAIN), True),
        ("{push: {branches: [main]}}", Event("push", ref="refs/heads/dev"), False),
        ("{push: {branches: [main]}}", Event("push", ref="refs/tags/main"), False),
        ("{push: {tags: ['v*']}}", Event("push", ref="refs/tags/v1"), True),
        ("{push: {tags: ['v*']}}", Event("push", ref=MAIN), False),
        ("{push: {branches-ignore: [main]}}", Event("push", ref="refs/heads/x"), True),
        ("{push: {branches-ignore: [main]}}", Event("push", ref=MAIN), False),
        ("{push: {branches: [main], tags: ['v*']}}", Event("push", ref="refs/tags/v1"), True),
        ("{push: {paths: ['lib/**']}}", Event("push", ref=MAIN, paths=("lib/a.ex",)), True),
        ("{push: {paths: ['lib/**']}}", Event("push", ref=MAIN, paths=("doc/a",)), False),
        ("{push: {paths: ['lib/**']}}", Event("push", ref=MAIN, paths=()), False),
        ("{push: {paths: ['lib/**']}}", Event("push", ref=MAIN), True),
        ("{push: {paths: ['lib/**']}}", Event("push", ref="refs/tags/v1", paths=("d",)), True),
        ("{push: {paths-ignore: ['*.md']}}", Event("push", ref=MAIN, paths=("a.md",)), False),
        ("{push: {paths-ignore: ['*.md']}}", Event("push", ref=MAIN, paths=("a.md", "b")), True),
        ("{push: {paths: ['**', '!x/**']}}", Event("push", ref=MAIN, paths=("x/a",)), False),
        ("pull_request", Event("pull_request", "opened", MAIN), True),
        ("pull_request", Event("pull_request", "labeled", MAIN), False),
        ("{pull_request: {types: [labeled]}}", Event("pull_request", "labeled", MAIN), True),
        ("{pull_request: {types: [labeled]}}", Event("pull_request", "opened", MAIN), False),
        ("{pull_request: {branches: [rel/*]}}", Event("pull_request", "opened", MAIN), False),
        ("issues", Event("issues", "typed"), True),
        ("{check_run: {types: [completed]}}", Event("check_run", "created"), False),
        ("{repository_dispatch: {types: [go]}}", Event("repository_dispatch", "go"), True),
        ("{repository_dispatch: {types: [go]}}", Event("repository_dispatch", "stop"), False),
        ("repository_dispatch", Event("repository_dispatch", "anything"), True),
        ("{workflow_run: {workflows: [CI]}}", Event("workflow_run", "completed", MAIN), False),
        (
            "{workflow_run: {workflows: [CI], types: [completed]}}",
            Event("workflow_run", "completed", MAIN, workflow="CI"),
            True,
        ),
        ("push", Event("push", ref=MAIN, message="fix [skip ci] it"), False),
        ("push", Event("push", ref=MAIN, message="fix\n\nskip-checks: true"), False),
        ("push", Event("push", ref=MAIN, message="fix [skip]"), True),
        ("workflow_dispatch", Event("workflow_dispatch", message="[skip ci]"), True),
    ],
)
def test_starts(on: str, event: Event, expected: bool) -> None:
    assert begins(on, event) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "main", True),
        ("*", "a/b", False),
        ("**", "a/b/c", True),
        ("feature/*", "feature/a", True),
        ("feature/*", "feature/a/b", False),
        ("feature/**", "feature/a/b", True),
        ("*feature", "my-feature", True),
        ("v2*", "v2.9", True),
        ("v[12].[0-9]+.[0-9]+", "v1.10.1", True),
        ("v[12].[0-9]+.[0-9]+", "v3.10.1", False),
        ("*.jsx?", "page.js", True),
        ("*.jsx?", "page.jsx", True),
        ("*.jsx?", "page.jsxx", False),
        ("**.js", "src/js/app.js", True),
        ("docs/*", "docs/a/b", False),
        ("docs/**/*.md", "docs/README.md", True),
        ("docs/**/*.md", "docs/a/b/c.md", True),
        ("**/docs/**", "docs/hello.md", True),
        ("**/docs/**", "dir/docs/file.txt", True),
        ("**/README.md", "js/README.md", True),
        ("**/*src/**", "my-src/code/js/app.js", True),
        ("**/*-post.md", "path/their-post.md", True),
        ("**/migrate-*.sql", "db/sept/migrate-v1.sql", True),
        (r"\*x", "*x", True),
        (r"\*x", "ax", False),
        ("main", "maine", False),
    ],
)
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    assert fits(pattern, text) is expected


def test_the_last_fitting_pattern_decides() -> None:
    patterns = ["rel/**", "!rel/**-alpha", "rel/x-alpha"]
    assert [selects(patterns, t) for t in ("rel/1", "rel/1-alpha", "rel/x-alpha", "dev")] == [
        *(True, False, True, False)
    ]


@pytest.mark.parametrize("pattern", ["", "+a", "a++", "[", "[]", "[a", "x" * 2000])
def test_patterns_that_mean_nothing(pattern: str) -> None:
    with pytest.raises(PatternError):
        fits(pattern, "a")


def test_hostile_patterns_are_quick() -> None:
    """A regex would take hours for this."""
    assert not fits("**a" * 100, "a" * 99 + "b" * 4000)


@given(st.text(alphabet="ab/*?+[]!\\-", max_size=12), st.text(alphabet="ab/-", max_size=12))
def test_any_pattern_decides_or_is_refused(pattern: str, text: str) -> None:
    with suppress(PatternError):
        assert fits(pattern, text) in (True, False)


@given(st.text(alphabet="abc-_.", min_size=1, max_size=12))
def test_a_plain_name_fits_only_itself(name: str) -> None:
    assert fits(name, name)
    assert not fits(name, name + "x")
