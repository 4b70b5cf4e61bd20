"""Nothing a manifest could say gets past the rules."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.core.lifecycle.manifest import Manifest
from bot.core.policy import Limits, Policy
from bot.errors import Refused
from bot.flows.stage_run.rules import Rules, blob_id, read_handed
from tests.flows.stage_run.support import ACTION, ENTRIES, NEW, OLD, changed, commit, manifest
from tests.simulator.support import git

OTHER = "1-other-bbbbbb"
POLICY = Policy(limits=Limits(files=3))


def broken(made: Manifest, policy: Policy = POLICY) -> tuple[str, ...]:
    return Rules.at(ENTRIES, frozenset({ACTION, OTHER}), policy).follow(made)


def test_a_change_of_what_is_there_keeps_the_rules() -> None:
    again = changed(data=OLD, before=blob_id(NEW))
    new = changed("test/new_test.exs", b"x\n")
    gone = changed("README.md", None)
    run = changed("bin/run", b"#!/bin/sh\ntrue\n", mode="100755")
    wide = Policy(limits=Limits(files=4))
    assert broken(manifest()) == ()
    made = manifest(commit(), commit(again, new, gone, run, action=OTHER))
    assert broken(made, wide) == ()
    assert "4 files are changed; 3 are allowed" in broken(made)


@pytest.mark.parametrize(
    "path",
    [
        "../x.ex",
        "lib/../../x.ex",
        "/etc/passwd",
        "lib//x.ex",
        "./x.ex",
        "lib/.",
        ".git/hooks/pre-commit",
        "lib/.git/config",
        "lib/.GIT/config",
        "lib/.g\u200cit/config",
        "lib/git~1/config",
        "lib/.git ./x",
        "lib\\x.ex",
        "lib/\x00x.ex",
    ],
)
def test_paths_stay_inside(path: str) -> None:
    assert any(
        "no path that may be written" in why for why in broken(manifest(commit(changed(path))))
    )


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".github/workflows/ci.yml", "protected"),
        (".github/CODEOWNERS", "protected"),
        (".GitHub/workflows/ci.yml", "protected"),
        (".genesis/pipelines/master_workflow.yaml", "protected"),
        (".gitmodules", "protected"),
        (".gitattributes", "protected"),
        ("mix.lock", "protected"),
        ("apps/a/.credo.exs", "protected"),
        ("config/runtime.exs", "protected"),
        ("config/prod.secret.exs", "protected"),
        ("lib/x\u202e.ex", "hidden"),
        ("lib/\x1b[1mx.ex", "hidden"),
        ("lib/" + "x" * 300, "too long"),
        ("link", "no regular file"),
        ("vendor", "no regular file"),
        ("link/x.ex", "in the way"),
        ("vendor/x.ex", "in the way"),
        ("lib", "in the way"),
        ("lib/shop.ex/x.ex", "in the way"),
        ("LIB/x.ex", "spelled almost like"),
        ("lib/SHOP.ex", "spelled almost like"),
    ],
)
def test_some_paths_are_nobodys(path: str, why: str) -> None:
    found = broken(manifest(commit(changed(path))))
    assert any(why in each for each in found), found


def test_the_configuration_protects_more() -> None:
    assert broken(manifest(), Policy(protected_paths=("lib/**",)))
    assert not broken(manifest(), Policy(protected_paths=()))
    own = manifest(commit(changed(".github/x")))
    assert broken(own, Policy(protected_paths=())), "no configuration gives our own files away"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ((changed(before="a" * 40),), "not what the change was made for"),
        ((changed(before=""),), "not what the change was made for"),
        ((changed("lib/new.ex", before="a" * 40),), "not what the change was made for"),
        ((changed(mode="100755"),), "would get the mode 100755"),
        ((changed("lib/new.ex", mode="100755"),), "would get the mode 100755"),
        ((changed("bin/run"),), "would get the mode 100644"),
        ((changed(data=OLD),), "not changed at all"),
        ((changed("lib/none.ex", None),), "is deleted but is not there"),
        ((changed(), changed(data=b"x", before=blob_id(NEW))), "is there twice in one commit"),
        ((changed(content="not base64!"),), "no base64"),
        ((changed(data=b"x" * (2 * 2**20 + 1)),), "bytes"),
    ],
)
def test_files_fit_the_tree_they_were_made_for(files: tuple[Any, ...], why: str) -> None:
    found = broken(manifest(commit(*files)))
    assert any(why in each for each in found), found


@pytest.mark.parametrize("mode", ["120000", "160000", "040000", "100664", ""])
def test_only_regular_files_can_be_said_at_all(mode: str) -> None:
    with pytest.raises(ValidationError, match="mode"):
        changed(mode=mode)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"action": "1-nobody-cccccc"}, "nobody approved"),
        ({"message": "Fix\n\nGenesis-Action: 1-x"}, "trailer"),
        ({"message": "Fix\n\nco-authored-by: Eve <e@x>"}, "trailer"),
        ({"message": "Fix\n\nSigned-off-by : Eve <e@x>"}, "trailer"),
        ({"message": "\nonly a body"}, "no subject"),
        ({"message": "Fixes #12"}, "close an issue"),
        ({"message": "It\n\nresolved: acme/shop#3"}, "close an issue"),
        ({"message": "Closes https://x/acme/shop/issues#1"}, "close an issue"),
        ({"message": "Fix \u202e it"}, "hidden"),
    ],
)
def test_messages_and_actions(more: dict[str, Any], why: str) -> None:
    found = broken(manifest(commit(**more)))
    assert any(why in each for each in found), found


def test_an_action_is_done_once_and_something_is_done() -> None:
    again = changed(data=OLD, before=blob_id(NEW))
    assert any("twice" in why for why in broken(manifest(commit(), commit(again))))
    nothing = manifest().model_copy(update={"commits": ()})
    assert broken(nothing) == ("there is no commit in it",)


def test_a_record_is_the_one_its_job_told_of() -> None:
    data = manifest().model_dump_json().encode()
    digest = hashlib.sha256(data).hexdigest()
    assert read_handed(Manifest, data, digest) == manifest()
    with pytest.raises(Refused, match="digests differ"):
        read_handed(Manifest, data + b" ", digest)
    with pytest.raises(Refused, match="digests differ"):
        read_handed(Manifest, data, "")


@pytest.mark.parametrize(
    "change",
    [
        {"author": "Eve <e@x>"},
        {"schema_version": 2},
        {"base": "HEAD"},
        {"usd": -1},
        {"tokens": "many"},
        {"commits": [{}]},
    ],
)
def test_a_record_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    data = json.dumps(json.loads(manifest().model_dump_json()) | change).encode()
    with pytest.raises(Refused, match="does not read"):
        read_handed(Manifest, data, hashlib.sha256(data).hexdigest())


def test_a_deeply_nested_record_is_refused() -> None:
    data = b"[" * 200_000
    with pytest.raises(Refused, match="does not read"):
        read_handed(Manifest, data, hashlib.sha256(data).hexdigest())


def test_ids_are_gits_own(tmp_path: Any) -> None:
    git("init", "-q", cwd=tmp_path)
    (tmp_path / "x").write_bytes(NEW)
    assert git("hash-object", "x", cwd=tmp_path).strip() == blob_id(NEW)


@given(st.text(max_size=60))
def test_no_path_breaks_the_rules_by_breaking_the_check(path: str) -> None:
    try:
        made = manifest(commit(changed(path)))
    except ValidationError:
        return
    allowed = not broken(made)
    assert not (allowed and (".." in path.split("/") or path.startswith("/") or "\\" in path))
