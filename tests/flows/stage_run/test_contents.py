"""What contents are compared with: each commit with the one before it, not with the base."""

from __future__ import annotations

from bot.core.lifecycle.manifest import FileChange
from bot.flows.stage_run.contents import broken_contents
from bot.flows.stage_run.rules import blob_id
from tests.flows.stage_run.support import changed, commit, manifest

PATH = "test/shop_test.exs"
ONE = b'defmodule T do\n  test "a" do\n    assert f() == 1\n  end\nend\n'
TWO = ONE.replace(b"  end\nend", b"    assert g() == 2\n  end\nend")
TOKEN = "ghp_" + "a1B2" * 9


def _test(data: bytes, before: bytes) -> FileChange:
    return changed(PATH, data, before=blob_id(before) if before else "")


def test_what_one_commit_adds_the_next_may_not_take_away() -> None:
    added = commit(_test(TWO, ONE))
    taken = commit(_test(ONE, TWO), action="1-other-bbbbbb")
    assert broken_contents(manifest(added), {PATH: ONE.decode()}) == ()
    (why,) = broken_contents(manifest(added, taken), {PATH: ONE.decode()})
    assert "`assert g == 2` is gone" in why


def test_a_key_that_was_there_is_nobodys_news() -> None:
    text = f'x = "{TOKEN}"\n'
    kept = manifest(commit(changed("lib/a.ex", text.encode() + b"# new\n")))
    assert broken_contents(kept, {"lib/a.ex": text}) == ()
    twice = manifest(commit(changed("lib/a.ex", 2 * text.encode())))
    assert broken_contents(twice, {"lib/a.ex": text}) == (
        "'lib/a.ex' would hold what looks like a key",
    )


def test_a_message_holds_no_key_either() -> None:
    (why,) = broken_contents(manifest(commit(message=f"Use {TOKEN}")), {})
    assert "message" in why
    assert TOKEN not in why
