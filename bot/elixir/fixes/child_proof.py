"""The test of an added child: it stands in the running tree, and comes back after a crash."""

from __future__ import annotations

from bot.elixir.fixes.base import Declined, GeneratedTest, Params
from bot.elixir.fixes.render import render
from bot.elixir.fixes.test_files import test_file
from bot.elixir.project import Project


def generate(project: Project, params: Params) -> GeneratedTest | Declined:
    """A test that kills the child, as the application specifies it, under a supervisor of its own.

    Each kill in the application would count against its restart limit: the fourth child's test
    would stop an application that is in order.
    """
    target = project.modules.get(params["target"])
    app = project.app_of(params["path"])
    if target is None or app is None:
        return Declined("the module is gone")
    file = test_file(project, app, target.name, "restart")
    return GeneratedTest(
        path=file.path,
        code=render(
            "child_restarted", test_module=file.module, target=target.name, app=f":{app.name}"
        ),
        proof="behavioural",
        red=r"no child of the root supervisor is ",
        note=(
            "Shows that the root supervisor runs the process, that its specification restarts it "
            "after a crash, and that the root supervisor starts it anew; says nothing about its "
            "state, nor about siblings that restart together with it."
        ),
    )
