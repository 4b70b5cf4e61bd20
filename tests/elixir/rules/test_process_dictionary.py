"""State in the process dictionary, one finding for each key."""

from __future__ import annotations

import pytest

from bot.elixir.rules.process_dictionary import RULE
from tests.elixir.rules.support import outcome
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


def _served(end: str, drop: str = "Process.delete(:desk)") -> str:
    return f"""
    defmodule A do
      def serve(x) do
        enter(x)
        work(x)
      {end}
      end

      defp enter(x), do: Process.put(:desk, x)
      def desk, do: Process.get(:desk)
      defp leave, do: {drop}
    end
    """


@pytest.mark.parametrize(
    ("end", "drop", "said"),
    [
        ("after\n        leave()", "Process.delete(:desk)", ["scoped"]),
        ("after\n        Process.delete(:desk)", ":ok", ["scoped"]),
        ("after\n        leave()", "Process.delete(:other)", []),
        ("else\n        _ -> leave()", "Process.delete(:desk)", []),
        (
            "\n receive do\n :a -> 1\n after\n 1 -> leave()\n end",
            "Process.delete(:desk)",
            [],
        ),
    ],
)
def test_what_an_after_drops_does_not_outlive_the_call(
    end: str, drop: str, said: list[str]
) -> None:
    analysis = analysed(RULE, _served(end, drop))
    assert [e.exemption for e in analysis.exempted] == said
    assert len(analysis.findings) == 1 - len(said)


def test_a_setter_for_others_outlives_the_call() -> None:
    code = _served("after\n        leave()").replace("defp enter", "def enter")
    assert len(analysed(RULE, code).findings) == 1


def test_what_is_dropped_elsewhere_weighs_less_and_is_told() -> None:
    (finding,) = analysed(RULE, _served("")).findings
    assert (finding.severity, finding.confidence) == ("info", "low")
    assert [e.note for e in finding.evidence] == ["written here", "read here", "dropped here"]


def test_a_key_without_a_reader_says_so() -> None:
    code = "defmodule A do\n  def go(x), do: Process.put(:desk, x)\nend\n"
    (finding,) = analysed(RULE, code).findings
    assert finding.message == "the process dictionary keeps a value under `:desk`"
    (note,) = [e.note for e in finding.evidence]
    assert note == "written here; no read of it is seen in this module"


@pytest.mark.parametrize(
    ("look", "found"),
    [
        ("Process.info(p, :dictionary)", 0),
        ("Process.info(p, [:links, :dictionary])", 0),
        ("Process.info(p)[:dictionary][:d]", 0),
        ("Process.info(p)[:links]", 1),
        ("Process.info(p, :links)", 1),
        ("Shop.info(p, :dictionary)", 1),
    ],
)
def test_a_dictionary_that_others_read(look: str, found: int) -> None:
    code = f"defmodule A do\n  def go(x), do: Process.put(:d, x)\n  def at(p), do: {look}\nend\n"
    assert len(analysed(RULE, code).findings) == found


@pytest.mark.parametrize(
    ("key", "use", "said"),
    [
        ("key(x)", "Shop.Store.find(key(x))", "written here"),
        (
            "key(x)",
            "x |> key() |> Shop.Store.find()",
            "written here; no read of it is seen in this module",
        ),
        ("@key", "Shop.Store.find(@key)", "written here"),
        ("key(x)", "key(x) |> Shop.Store.find()", "written here"),
    ],
)
def test_a_key_that_is_passed_on_may_be_read(key: str, use: str, said: str) -> None:
    code = f"""
    defmodule A do
      @key :desk
      def go(x), do: Process.put({key}, x)
      def at(x), do: {use}
      defp key(x), do: {{A, x}}
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert finding.evidence[0].note == said


@pytest.mark.parametrize(
    ("condition", "otherwise", "found"),
    [
        ("if Mix.env() == :test do", False, 0),
        ("if Mix.env() != :test do", True, 0),
        ("unless Mix.env() == :test do", True, 0),
        ("if Mix.env() == :test do", True, 1),
        ("if Mix.env() != :test do", False, 1),
        ("if Mix.env() == :dev do", False, 1),
    ],
)
def test_code_that_is_compiled_for_tests(condition: str, otherwise: bool, found: int) -> None:
    code = f"""
    defmodule A do
      {condition}
        def one, do: 1
        {"else" if otherwise else ""}
        def go(x), do: Process.put(:desk, x)
        def desk, do: Process.get(:desk)
      end
    end
    """
    assert len(analysed(RULE, code).findings) == found


@pytest.mark.parametrize(
    ("start", "read", "found"),
    [
        ("def init(x), do: {:ok, note(x)}", "def desk", 0),
        ("def init(x), do: {:ok, x, {:continue, x}}\n def handle_continue(x, s), do: note(x)",
         "def desk", 0),
        ("def handle_cast(x, s), do: {:noreply, note(x)}", "def desk", 1),
        ("def handle_cast(x, s) do\n Process.put(:desk, x)\n {:stop, :normal, s}\n end",
         "def desk", 0),
        ("def handle_cast(x, s) do\n Process.put(:desk, x)\n"
         "if x, do: {:stop, :normal, s}, else: {:noreply, s}\n end", "def desk", 1),
        ("def init(x), do: {:ok, note(x)}", "defp desk", 1),
        ("def init(x), do: {:ok, note(x)}\n def handle_info(_, s), do: {:noreply, desk()}",
         "def desk", 1),
    ],
)  # fmt: skip
def test_who_a_server_is(start: str, read: str, found: int) -> None:
    code = f"""
    defmodule A do
      use GenServer
      {start}
      {read}, do: Process.get(:desk)
      defp note(x), do: Process.put(:desk, x)
    end
    """
    if "note(" not in start:
        code = code.replace("defp note(x), do: Process.put(:desk, x)", "")
    assert len(analysed(RULE, code).findings) == found


def test_a_key_is_told_by_the_modules_name() -> None:
    code = """\
defmodule Shop.Basket do
  def put(item), do: Process.put({__MODULE__, :item}, item)
  def get, do: Process.get({__MODULE__, :item})
end
"""
    (finding,) = analysed(RULE, code).findings
    assert finding.message == "the process dictionary keeps a value under `{Shop.Basket, :item}`"
    assert analysed(RULE, code.replace("Basket", "Tracing")).findings == ()


def test_a_monitor_of_performance_keeps_its_request_there() -> None:
    code = """
    defmodule A do
      def start(x), do: Process.put(:shop_apm_request, x)
      def current, do: Process.get(:shop_apm_request)
    end
    """
    assert analysed(RULE, code).findings == ()


@pytest.mark.parametrize(
    ("read", "inherited"),
    [
        ("ProcessTree.get(@key)", True),
        ("ProcessTree.get(Desk, default: 1)", True),
        ("ProcessTree.get(:other)", False),
        ("Shop.Tree.get(@key)", False),
    ],
)
def test_what_the_processes_started_by_its_own_find(read: str, inherited: bool) -> None:
    code = f"""\
defmodule Desk do
  @key __MODULE__
  def enter(name), do: Process.put(@key, name)
  def name, do: Process.get(@key) || {read}
end
"""
    analysis = analysed(RULE, code)
    assert [e.exemption for e in analysis.exempted] == ["inherited"] * inherited
    assert len(analysis.findings) == (not inherited)


def test_a_variable_in_a_key_may_have_another_name_elsewhere() -> None:
    code = """
    defmodule A do
      def start(pid, now), do: Process.put({:started, pid}, now)
      def took(worker), do: Process.get({:started, worker})
      def forget(worker), do: Process.delete({:started, worker})
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert finding.data == {"key": "{:started, pid}"}
    assert [e.note for e in finding.evidence] == ["written here", "read here", "dropped here"]


def test_keys_with_another_tag_are_others() -> None:
    code = """
    defmodule A do
      def start(pid, now), do: Process.put({:started, pid}, now)
      def ended(pid), do: Process.get({:ended, pid})
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert [e.line for e in finding.evidence] == [3]


def test_who_takes_the_whole_dictionary_reads_every_key() -> None:
    code = """
    defmodule A do
      def start(pid, now), do: Process.put({:started, pid}, now)
      def all, do: for({{:started, pid}, at} <- Process.get(), do: {pid, at})
    end
    """
    (finding,) = analysed(RULE, code).findings
    assert [e.note for e in finding.evidence] == ["written here"]


@pytest.mark.parametrize(
    ("doc", "comment", "words"),
    [
        ('@moduledoc "Items, in the process dictionary."', "", ["~stated"]),
        ('@doc "Kept in the process\n  dictionary."', "", ["~stated"]),
        ("@doc false", "# in the process\n    # dictionary, as a hook has no state", ["~stated"]),
        ("", "# pdict: the hook has no state", ["~stated"]),
        ('@doc "Each process looks into the dictionary."', "", ["info"]),
        ("", "# the hook has no state", ["info"]),
    ],
)
def test_a_dictionary_that_the_code_speaks_of(doc: str, comment: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.Basket do
  {doc}
  def add(item) do
    {comment}
    Process.put(:items, [item | items()])
  end

  def items, do: Process.get(:items, [])
end
"""
    assert outcome("process-dictionary", {"lib/basket.ex": code}) == words


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("x && !Process.put(:desk, x)", "written here, and its old value is used"),
        ("old = Process.put(:desk, x)\n    old", "written here, and its old value is used"),
        ("Process.put(:desk, x) || x", "written here, and its old value is used"),
        ("x && Process.put(:desk, x)", "written here; no read of it is seen in this module"),
        ("-x\n    Process.put(:desk, x)", "written here; no read of it is seen in this module"),
    ],
)
def test_a_write_that_gives_the_old_value(body: str, note: str) -> None:
    code = f"defmodule A do\n  def go(x) do\n    {body}\n  end\nend\n"
    (finding,) = analysed(RULE, code).findings
    assert [e.note for e in finding.evidence] == [note]


@pytest.mark.parametrize(
    ("drop", "seen"),
    [
        ("Process.delete(:desk)", True),
        ("if x, do: Process.delete(:desk)", True),
        ("desk = Process.delete(:desk)\n    {:ok, desk}", True),
        ("case Process.delete(:desk) do\n      nil -> 1\n      _ -> 2\n    end", True),
        ("Process.delete(:desk)\n    :ok", False),
    ],
)
def test_a_drop_that_gives_the_value_is_a_read(drop: str, seen: bool) -> None:
    code = f"""\
defmodule A do
  def keep(x) do
    Process.put(:desk, x)
    x
  end

  def sum(x), do: {{x, take(x)}}

  defp take(x) do
    {drop}
  end
end
"""
    (finding,) = analysed(RULE, code).findings
    unread = "written here; no read of it is seen in this module"
    assert [e.note for e in finding.evidence] == [
        "written here" if seen else unread,
        "dropped here, for its value" if seen else "dropped here",
    ]


@pytest.mark.parametrize("sum", ["sum(x), do: {x, 1}", "sum(x) do\n    take(x)\n    x\n  end"])
def test_a_dropped_value_that_nobody_takes_is_not_read(sum: str) -> None:
    code = f"""\
defmodule A do
  def keep(x) do
    Process.put(:desk, x)
    x
  end

  def {sum}
  def take(x), do: if(x, do: Process.delete(:desk))
end
"""
    (finding,) = analysed(RULE, code).findings
    assert finding.evidence[0].note.endswith("no read of it is seen in this module")
