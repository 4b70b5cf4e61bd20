"""State in the process dictionary, one finding for each key."""

from __future__ import annotations

from bot.elixir.rules.process_dictionary import RULE
from tests.elixir.support import analysed


def test_one_finding_for_a_key_with_its_places_as_evidence() -> None:
    code = """
    defmodule A do
      @key :cart
      def add(x), do: Process.put(@key, [x | all()])
      def clear, do: Process.put(:cart, [])
      def all, do: Process.get(@key, [])
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.data) == ("info", {"key": ":cart"})
    assert [e.line for e in finding.evidence] == [4, 5, 6]


def test_state_of_a_server_weighs_more() -> None:
    code = """
    defmodule A do
      use GenServer
      def handle_cast({:add, x}, s), do: {:noreply, Process.put(:sum, x) && s}
      def handle_call(:sum, _, s), do: {:reply, Process.get(:sum), s}
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert (finding.severity, finding.confidence) == ("info", "high")


def test_a_client_of_a_server_is_not_its_process() -> None:
    code = """
    defmodule A do
      use GenServer
      def init(s), do: {:ok, s}
      def remember(x), do: Process.put(:last, x)
      def last, do: Process.get(:last)
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert finding.severity == "info"


def test_reading_what_others_wrote_is_no_finding() -> None:
    code = (
        "defmodule A do\n  def all, do: Process.get(:cart)\n"
        "  def gone, do: Process.delete(:cart)\nend\n"
    )
    assert analysed(RULE, code).findings == ()


def test_keys_of_otp_are_context() -> None:
    code = 'defmodule A do\n  def go(c), do: Process.put(:"$callers", c)\nend\n'
    analysis = analysed(RULE, code)
    assert [e.exemption for e in analysis.exempted] == ["context"]


def test_other_functions_of_process_are_silent() -> None:
    code = (
        "defmodule A do\n"
        "  def go(p), do: {Process.put_label(p), Process.info(p), Process.flag(:x, p)}\nend\n"
    )
    assert analysed(RULE, code).findings == ()
