from __future__ import annotations

from pathlib import Path

import pytest

from bot.codebase.exunit import check_tests
from tests.verify.support import MIX_EXS, reporter, sample

pytestmark = pytest.mark.elixir

PRUNING = """\
for path <- :code.get_path(), List.to_string(path) =~ "otp_genesis_reporter" do
  :code.del_path(path)
end
"""


def test_trap_mix_prunes_code_paths_that_are_no_dependency(tmp_path: Path) -> None:
    """Since Elixir 1.15, which then runs the suite without our formatter and says nothing of it."""
    mix = sample(tmp_path, {"mix.exs": PRUNING + MIX_EXS})
    result = check_tests(mix, reporter())
    assert (result.status, len(result.tests)) == ("passed", 2), result.summary
