"""Atoms made at run time: where the value comes from decides."""

from __future__ import annotations

import pytest

from bot.elixir.rules import rule
from tests.elixir.rules.support import in_function, outcome
from tests.elixir.support import analysed

RULE = "dynamic-atom"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("String.to_atom(x)", ["info"]),
        ("x |> String.to_atom()", ["info"]),
        ("&String.to_atom/1", ["info"]),
        ('String.to_atom(x["kind"])', ["warning"]),
        ('case x do\n  %{"kind" => kind} -> String.to_atom(kind)\nend', ["warning"]),
        (':"key_#{x}"', ["info"]),
        ('["key_#{x}": 1]', ["info"]),
        ('String.to_atom("fixed")', []),
        ("String.to_existing_atom(x)", []),
        (':"fixed key"', []),
        ('"#{x}: 1"', []),
        ('if x in ["a", "b"], do: String.to_atom(x)', ["~bounded"]),
        ("case x in allowed do\n  true -> String.to_atom(x)\nend", ["~bounded"]),
        ("if x in allowed(y), do: String.to_atom(x)", ["info"]),
        ("case x do\n  y when y in ~w(a b) -> String.to_atom(y)\nend", ["~bounded"]),
        ('Enum.map(["a", "b"], fn y -> String.to_atom(y) end)', ["~bounded"]),
        ("Enum.map(~w(a b), &String.to_atom/1)", ["~bounded"]),
        ('Map.new(["a", "b"], fn y -> {String.to_atom(y), x} end)', ["~bounded"]),
        ("~w(a b) |> Keyword.new(fn y -> {String.to_atom(y), x} end)", ["~bounded"]),
        ("Map.new(x, fn y -> {String.to_atom(y), x} end)", ["info"]),
        ('for y <- ["a"], do: :"k_#{y}"', ["~bounded"]),
        ("quote do: String.to_atom(unquote(x))", ["~compile-time"]),
        ('Map.get(x, :"#{__MODULE__}.Sup")', ["~bounded"]),
        ("x |> Enum.filter(&(&1 in @units)) |> Enum.map(&String.to_atom/1)", ["~bounded"]),
        ("x |> Enum.filter(&(&1 in @units)) |> Enum.map(&String.to_atom(&1))", ["~bounded"]),
        ("x |> Enum.filter(fn y -> y in ~w(a b) end) |> Enum.map(&String.to_atom/1)", ["~bounded"]),
        ("x |> Enum.reject(&(&1 in @units)) |> Enum.map(&String.to_atom/1)", ["info"]),
        ("x |> Enum.filter(&(&1 in y())) |> Enum.map(&String.to_atom/1)", ["info"]),
        ("x |> Enum.filter(&(&1.name in @units)) |> Enum.map(&String.to_atom(&1.id))", ["info"]),
        ('System.get_env("SHOP_UNIT", "kg") |> String.to_atom()', ["~bounded"]),
        ("System.get_env(x) |> String.to_atom()", ["info"]),
        ('System.get_env("SHOP_UNIT", x) |> String.to_atom()', ["info"]),
        ("Application.fetch_env!(:shop, :unit) |> String.to_atom()", ["~bounded"]),
        ('String.to_atom("#{x}@#{y()}")', ["~node-name"]),
        ('String.to_atom(x <> "@" <> y())', ["~node-name"]),
        ('name = "#{x}@#{y()}"\n    String.to_atom(name)', ["~node-name"]),
        ('x |> Enum.map(&"shop@#{&1}") |> Enum.map(&String.to_atom(&1))', ["~node-name"]),
        (':"shop@#{x}"', ["~node-name"]),
        (':"@#{x}"', ["info"]),
        (':"#{x}@#{y()}@z"', ["info"]),
        (':"shop@#{x["host"]}"', ["warning"]),
        ("{quote(do: y), {String.to_atom(x), [], nil}}", ["~compile-time"]),
        ("{quote(do: y), {x |> String.to_atom(), [line: 1], __MODULE__}}", ["~compile-time"]),
        ('{quote(do: y), {:"k_#{x}", [], Elixir}}', ["~compile-time"]),
        ("{String.to_atom(x), [], nil}", ["info"]),
        ("%{y() | cookie: String.to_atom(x)}", ["~node-name"]),
        ("%{y() | cookie: x |> String.to_atom()}", ["~node-name"]),
        ('%{y() | cookie: String.to_atom(x["cookie"])}', ["warning"]),
        ("%{y() | cookies: String.to_atom(x)}", ["info"]),
        ("a = String.to_atom(x)\n    [{:shop, :cookie, a}]", ["~node-name"]),
        ("a = String.to_atom(x)\n    Shop.set(cookie: a)", ["~node-name"]),
        ("a = String.to_atom(x)\n    [{:shop, :cookie, a}, a]", ["info"]),
        ("a = String.to_atom(x)\n    [{:shop, :kind, a}]", ["info"]),
        ("{quote(do: y), {String.to_atom(x), [], y()}}", ["info"]),
        ("{String.to_atom(x), y(), String.to_atom(x)}", ["info"]),
        ("{String.to_atom(x), y(), String.to_atom(z())}", ["info", "info"]),
        ('{:"key_#{x}", :"key_#{x}"}', ["info"]),
        ('String.to_atom("shop@#{x["host"]}")', ["warning"]),
    ],
)
def test_sites(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


def test_where_no_origin_is_known_it_says_so() -> None:
    code = in_function("a = Shop.Stock.label(x)\n    String.to_atom(a)")
    (finding,) = analysed(rule(RULE), code).findings
    assert (finding.severity, finding.confidence) == ("info", "low")
    assert "could not be told" in finding.evidence[0].note


def test_text_of_a_public_caller_is_input() -> None:
    assert outcome(RULE, in_function("String.to_atom(x)", "go(x) when is_binary(x)")) == ["warning"]


def test_shadowing_module_is_another_function() -> None:
    body = "alias Shop.String\n    String.to_atom(x)"
    assert outcome(RULE, in_function(body)) == []


@pytest.mark.parametrize(
    ("said", "before", "head"),
    [
        (["~bounded"], "@spec table(atom) :: atom", "table(scope)"),
        (["~bounded"], "@spec table(scope :: module()) :: atom", "table(scope)"),
        (["~bounded"], "", "table(scope) when is_atom(scope)"),
        (["info"], "@spec table(String.t()) :: atom", "table(scope)"),
        (["info"], "", "table(scope)"),
    ],
)
def test_an_atom_made_of_an_atom_is_bounded(said: list[str], before: str, head: str) -> None:
    code = f'defmodule A do\n  {before}\n  def {head}, do: :"#{{scope}}_table"\nend\n'
    assert outcome(RULE, {"lib/a.ex": code}) == said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('"-" <> rest = Atom.to_string(x)\n    String.to_atom(rest)', ["~bounded"]),
        ('"-" <> rest = to_string(x)\n    String.to_atom(rest)', ["info"]),
        ('"-" <> rest = Atom.to_string(x)\n    String.to_atom(rest <> y())', ["info"]),
        (
            'with "-" <> rest <- Atom.to_string(x),\n'
            '      [last | parts] = rest |> String.split("/") |> Enum.reverse() do\n'
            '      {parts |> Enum.join("/") |> String.to_atom(), last}\n    end',
            ["~bounded"],
        ),
        (
            "names = for {shelf, nil} <- x, name = Atom.to_string(shelf), do: name\n"
            "    for name <- names, do: String.to_atom(name)",
            ["~bounded"],
        ),
        (
            "names = for {shelf, name} <- x, shelf > 1, do: name\n"
            "    for name <- names, do: String.to_atom(name)",
            ["info"],
        ),
        ('for i <- 1..x, do: :"row_#{i}"', ["~bounded"]),
        ('for i <- x, do: :"row_#{i}"', ["info"]),
        ('Enum.with_index(x, fn _, i -> :"row_#{i}" end)', ["~bounded"]),
        ('x |> Enum.with_index() |> Enum.map(fn {_, i} -> :"row_#{i}" end)', ["~bounded"]),
        ('x |> Enum.with_index() |> Enum.map(fn {n, _} -> :"row_#{n}" end)', ["info"]),
        (
            "[%{rows: [{row, _} | _]} | _] = Shop.Rows.all()\n"
            '    Enum.zip_with([Shop.Rows.all(), 0..9], fn [_, i] -> :"#{row}_#{i}" end)',
            ["~numbered"],
        ),
        (
            "Enum.zip_with(\n[\n# rows\n1..9,\n# names\ny()], "
            'fn [\n# row\ni, _] -> :"row_#{i}" end)',
            ["~bounded"],
        ),
        ('Enum.zip_with([1..9, y()], fn [_, i] -> :"row_#{i}" end)', ["info"]),
        ('for i <- 1..9, do: :"#{x}_#{i}"', ["info"]),
        (':"$#{x}"', ["~match-variable"]),
        (':"$#{x}#{x}_row"', ["info"]),
        ('Macro.var(:"arg#{x}", __MODULE__)', ["~compile-time"]),
    ],
)
def test_few_atoms(body: str, said: list[str]) -> None:
    assert outcome(RULE, in_function(body)) == said


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("@spec rows(atom) :: list\n  def rows(scope), do: name(scope)", "~bounded"),
        ("def rows(scope) when is_atom(scope), do: scope |> name()", "~bounded"),
        ('def rows(_), do: [name("a"), name("b")]', "~bounded"),
        ('def rows(_), do: more("a")\n  defp more(x), do: name("#{x}_more")', "~bounded"),
        ("def rows(_), do: for(i <- 1..4, do: name(i))", "~bounded"),
        ('def rows(scope), do: [name("a"), name(scope)]', "info"),
        ('def rows(_), do: {name("a"), &name/1}', "info"),
        ('def rows(_), do: more("a")\n  defp more(x), do: {name(x), more(x <> "b")}', "info"),
        ("def rows(_), do: :none", "info"),
    ],
)
def test_callers_of_a_private_function(before: str, said: str) -> None:
    code = f'defmodule A do\n  {before}\n  defp name(scope), do: :"#{{scope}}_table"\nend\n'
    assert outcome(RULE, {"lib/a.ex": code}) == [said]


NAMES = """\
defmodule Shop.Names do
  @columns Map.new([:a, :b], &{&1, "column_#{&1}"})
  def column(kind) do
    case Map.fetch(@columns, kind) do
      {:ok, name} -> name
      :error -> raise ArgumentError
    end
  end

  def unit(:kilo), do: "kg"
  def unit(_), do: "g"
  def own(kind), do: Map.get(%{x: "y"}, kind, kind)
  def open(kind), do: "column_" <> kind
  def again(kind), do: again(kind)
end
"""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Shop.Names.column(x)", "~bounded"),
        ("Shop.Names.unit(x)", "~bounded"),
        ("Shop.Names.own(x)", "info"),
        ("Shop.Names.open(x)", "info"),
        ("Shop.Names.again(x)", "info"),
        ("Shop.Names.gone(x)", "info"),
        ("Shop.Library.unit(x)", "info"),
        ("local(x)", "~bounded"),
    ],
)
def test_what_a_function_of_the_project_gives(value: str, said: str) -> None:
    code = (
        f"defmodule Shop.A do\n  def go(x) do\n    name = {value}\n    String.to_atom(name)\n"
        '  end\n\n  defp local(x), do: if(x, do: "a", else: "b")\nend\n'
    )
    assert outcome(RULE, {"lib/a.ex": code, "lib/names.ex": NAMES}) == [said]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Keyword.get(x, :unit, :gram)", "~bounded"),
        ("Keyword.get(x, :unit, nil)", "info"),
        ("Keyword.get(x, :unit)", "info"),
        ('Keyword.get(x, :unit, "gram")', "info"),
        ('Map.get(x, "unit", :gram)', "info"),
    ],
)
def test_an_option_that_is_an_atom_by_default(value: str, said: str) -> None:
    body = f'unit = {value}\n    String.to_atom("#{{unit}}s")'
    assert outcome(RULE, in_function(body)) == [said]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Keyword.fetch!(Mix.Project.config(), :app)", "~bounded"),
        ("Mix.Project.config() |> Keyword.get(:app)", "~bounded"),
        ("Mix.Project.config()[:app]", "~bounded"),
        ("Mix.target()", "~bounded"),
        ("Keyword.fetch!(Mix.Project.config(), x)", "info"),
        ("Keyword.fetch!(Shop.Setup.config(), :app)", "info"),
        ("own()", "~bounded"),
        ("x.scope", "~bounded"),
        ("x.name", "info"),
        ("x.label", "info"),
        ("x.other", "info"),
        ('Path.basename(x, ".beam")', "~bounded"),
        ('x |> Path.basename() |> String.trim_trailing(".beam")', "~bounded"),
        ('Path.basename(x, ".json")', "info"),
        ("Path.basename(x)", "info"),
    ],
)
def test_names_that_there_are_few_of(value: str, said: str) -> None:
    code = (
        "defmodule Shop.A do\n  defmodule State do\n"
        "    @type t :: %__MODULE__{scope: atom, label: String.t(), name: atom}\n"
        "    defstruct [:scope, :label, :name]\n  end\n\n"
        "  defmodule Row do\n    @type t :: %__MODULE__{name: binary}\n"
        "    defstruct [:name]\n  end\n\n"
        f'  def go(x) do\n    name = {value}\n    {{x, :"#{{name}}_ring"}}\n  end\n\n'
        "  defp own do\n    config = Mix.Project.config()\n    config[:app]\n  end\nend\n"
    )
    assert outcome(RULE, {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ('for y <- x, String.ends_with?(y, ".beam"), do: ', "~bounded"),
        ('for y <- x, String.ends_with?(y, ".txt"), do: ', "info"),
        ('for y <- x, String.ends_with?(x, ".beam"), do: ', "info"),
    ],
)
def test_the_names_of_compiled_files_are_those_of_modules(taken: str, said: str) -> None:
    body = f"{taken}(y |> binary_slice(0..-6//1) |> String.to_atom())"
    assert outcome(RULE, in_function(body)) == [said]


GRAMMAR = """\
defmodule Shop.Order.Grammar do
  import NimbleParsec
  speed = choice([string("SLOW"), to_charlist("FAST") |> Enum.reduce(empty(), &ascii_char/2)])
  speed_field = string("speed") |> string("=") |> concat(speed)
  note_field = string("note") |> string("=") |> utf8_string([{:not, ?;}], min: 1)
  kinds = Enum.map(["kind", "sort"], &string/1) |> choice() |> string("=")
  fields = choice([speed_field, note_field, kinds])
  defparsec :order, fields |> times(min: 1) |> post_traverse(:pairs)
  defp pairs(rest, args, context, _, _), do: {rest, [List.to_tuple(args)], context}
  def other(x), do: x
end
"""


@pytest.mark.parametrize(
    ("parser", "value", "said"),
    [
        ("Shop.Order.Grammar.order", 'fields["speed"]', "~bounded"),
        ("Shop.Order.Grammar.order", 'String.downcase(fields["speed"] || "slow")', "~bounded"),
        ("Shop.Order.Grammar.order", 'fields["note"] <> ""', "warning"),
        ("Shop.Order.Grammar.order", 'fields["kind"]', "warning"),
        ("Shop.Order.Grammar.order", 'fields["weight"]', "warning"),
        ("Shop.Order.Grammar.other", 'fields["speed"]', "warning"),
        ("Shop.Library.order", 'fields["speed"]', "warning"),
    ],
)
def test_what_a_grammar_lets_through(parser: str, value: str, said: str) -> None:
    body = (
        f"case {parser}(x) do\n      {{:ok, pairs, _, _, _, _}} ->\n"
        f"        fields = Map.new(pairs)\n        String.to_atom({value})\n    end"
    )
    assert outcome(RULE, {**in_function(body), "lib/grammar.ex": GRAMMAR}) == [said]


@pytest.mark.parametrize(
    ("callers", "said"),
    [
        ("defmacro field(x), do: Shop.Names.getter(x)", "~compile-time"),
        ("defmacro field(x), do: x |> way\n  defp way(x), do: Shop.Names.getter(x)",
         "~compile-time"),
        ("defmacro field(x), do: [x] |> hd() |> way\n  defp way(x), do: Shop.Names.getter(x)",
         "~compile-time"),
        ("defmacro field(x), do: x |> ways\n  defp way(x), do: Shop.Names.getter(x)", "info"),
        ("defmacro field(x), do: way(x)\n  defp way(x), do: Shop.Names.getter(x)", "~compile-time"),
        ("defmacro field(x), do: Shop.Names.getter(x)\n  def go(x), do: Shop.Names.getter(x)",
         "info"),
        ("defmacro field(x), do: quote(do: Shop.Names.getter(unquote(x)))", "info"),
        ("def field(x), do: x", "info"),
        ("defmacro field(x), do: quote(do: unquote(Shop.Names.getter(x)))", "~compile-time"),
        ("defmacro field(x), do: quote(bind_quoted: [x: x], do: unquote(Shop.Names.getter(x)))",
         "info"),
        ("def __before_compile__(x), do: Shop.Names.getter(x)", "~compile-time"),
        ("def __field__(x), do: Shop.Names.getter(x)", "info"),
    ],
)  # fmt: skip
def test_what_only_macros_call(callers: str, said: str) -> None:
    files = {
        "lib/fields.ex": f"defmodule Shop.Fields do\n  {callers}\nend\n",
        "lib/names.ex": "defmodule Shop.Names do\n"
        '  def getter(x), do: String.to_atom("get_" <> x)\nend\n',
    }
    assert outcome(RULE, files) == [said]


@pytest.mark.parametrize(
    ("path", "top", "said"),
    [
        ("lib/web.ex", "Enum.each(Shop.Names.all([]), fn x -> x end)", "~compile-time"),
        ("lib/web.ex", "alias Shop.Names\nfor x <- [] |> Names.all(), do: x", "~compile-time"),
        ("lib/web.ex", "defmodule Shop.Web do\n  @names Shop.Names.all([])\nend", "~compile-time"),
        (
            "lib/web.ex",
            "defmodule Shop.Web do\n  for x <- Shop.Names.all([]), do: "
            "def(unquote(x)(), do: unquote(Shop.Names.all(x)))\nend",
            "~compile-time",
        ),
        (
            "lib/web.ex",
            'defmodule Shop.Web do\n  get "/" do\n    Shop.Names.all(conn)\n  end\nend',
            "info",
        ),
        (
            "lib/web.ex",
            "defmodule Shop.Web do\n  @names Shop.Names.all([])\n"
            "  def go(x), do: Shop.Names.all(x)\nend",
            "info",
        ),
        ("lib/web.ex", "Enum.each(Other.all([]), fn x -> x end)\n# Shop.Names.all", "info"),
        ("lib/web.exs", "Enum.each(Shop.Names.all([]), fn x -> x end)", "info"),
    ],
)
def test_what_runs_while_a_file_is_compiled(path: str, top: str, said: str) -> None:
    files = {
        path: f"{top}\n",
        "lib/names.ex": "defmodule Shop.Names do\n"
        "  def all(names), do: Enum.map(names, &name/1)\n"
        "  defp name(x), do: String.to_atom(x)\nend\n",
    }
    assert outcome(RULE, files) == [said]


@pytest.mark.parametrize(
    ("project", "application", "said"),
    [
        ("escript: [main_module: Shop]", "", "~mix-task"),
        ("escript: [main_module: Shop]", "mod: {Shop, []}", "info"),
        ("version: 1", "", "info"),
    ],
)
def test_a_program_that_runs_for_one_command(project: str, application: str, said: str) -> None:
    mix = (
        "defmodule Shop.MixProject do\n  use Mix.Project\n"
        f"  def project, do: [app: :shop, {project}]\n  def application, do: [{application}]\nend\n"
    )
    assert outcome(RULE, {"mix.exs": mix, **in_function("String.to_atom(x)")}) == [said]


SHELF = """\
defmodule Shop.Shelf do
  use GenServer
  {start}
  def init(shop), do: {:ok, shop}
  def items(shop), do: GenServer.call({name}, :items)
  def name(shop), do: :"shelf_#{shop}"
end
"""
LINK = "def start_link(shop), do: GenServer.start_link(__MODULE__, shop, name: name(shop))"


@pytest.mark.parametrize(
    ("start", "name", "user", "said"),
    [
        (LINK, "name(shop)", "Shop.Shelf.items(x)", ["~registered"]),
        (LINK.replace("name(shop)", ':"shelf_#{shop}"'), ':"shelf_#{shop}"', "x",
         ["~start-up", "~registered", "~registered"]),
        (LINK.replace("name(shop)", ':"shop_#{shop}"'), ':"shelf_#{shop}"', "x",
         ["~start-up", "info", "info"]),
        (LINK, "name(shop)", 'Shop.Shelf.items(x["shop"])', ["info"]),
        (LINK, "name(shop)", "DynamicSupervisor.start_child(S, {Shop.Shelf, x})", ["info"]),
        (LINK.replace("start_link(shop)", "other(shop)", 1), "name(shop)", "x", ["info"]),
        ("def new(shop), do: :ets.new(name(shop), [:named_table])", "name(shop)", "x",
         ["~registered"]),
        ("def new(shop) do\n    table = name(shop)\n    :ets.new(table, [:named_table])\n  end",
         "name(shop)", "x", ["~registered"]),
        ("def new(shop), do: :ets.new(shop, [:named_table])", "name(shop)", "x", ["info"]),
    ],
)  # fmt: skip
def test_names_that_a_module_registers_itself(
    start: str, name: str, user: str, said: list[str]
) -> None:
    code = SHELF.replace("{start}", start).replace("{name}", name)
    assert outcome(RULE, {"lib/shelf.ex": code, **in_function(user)}) == said


WHY = "# We cannot use to_existing_atom, as they may\n  # not be loaded yet."


@pytest.mark.parametrize(
    ("above", "within", "said"),
    [
        (WHY, "", "~stated"),
        (WHY + "\n  def go(nil), do: nil", "", "~stated"),
        (WHY + "\n  def other(x), do: x", "", "info"),
        ("", "# these are few and bounded by the plan, so no existing atom", "~stated"),
        ("", "# TODO: only make what is there, use String.to_existing_atom here", "info"),
        ("", "# this should be String.to_existing_atom some day, I think", "info"),
        ("# existing atoms only", "", "info"),
    ],
)
def test_a_comment_that_says_why(above: str, within: str, said: str) -> None:
    code = (
        f"defmodule A do\n  {above}\n  def go(x) do\n    y = Shop.Plan.of(x)\n    {within}\n"
        "    String.to_atom(y)\n  end\nend\n"
    )
    assert outcome(RULE, {"lib/a.ex": code}) == [said]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# Names are given again to avoid atom exhaustion.", "~stated"),
        ("# Names are given again as long as there are some.", "info"),
    ],
)
def test_who_gives_a_name_out_says_why(comment: str, said: str) -> None:
    pool = (
        f"defmodule Shop.Names do\n  use GenServer\n  {comment}\n"
        "  def take, do: GenServer.call(__MODULE__, :take)\nend\n"
    )
    files = {**in_function("String.to_atom(Shop.Names.take())"), "lib/names.ex": pool}
    assert outcome(RULE, files) == [said]


UNSAFE = "Credo.Check.Warning.UnsafeToAtom"


@pytest.mark.parametrize(
    ("above", "within", "said"),
    [
        ('# sobelow_skip ["DOS.StringToAtom"]\n  @doc false', "", "~accepted"),
        ('# sobelow_skip ["XSS.Raw"]', "", "info"),
        ('# sobelow_skip ["DOS.StringToAtom"]\n  def other(x), do: x', "", "info"),
        ("", f"# credo:disable-for-next-line {UNSAFE}", "~accepted"),
        ("", f"# credo:disable-for-next-line {UNSAFE}\n    tell(x)", "info"),
        ("", f"# see {UNSAFE}", "info"),
        ("", "# credo:disable-for-next-line", "~accepted"),
        ("", "# credo:disable-for-next-line\n    tell(x)", "info"),
        ("", "# credo:disable-for-next-line Credo.Check.Design.TagTODO", "info"),
        ("", "# credo:disable-for-previous-line", "info"),
    ],
)
def test_what_other_tools_are_told(above: str, within: str, said: str) -> None:
    body = f"  def go(x) do\n    {within}\n    String.to_atom(x)\n  end"
    code = f"defmodule Shop.A do\n  {above}\n{body}\nend\n"
    assert outcome(RULE, {"lib/a.ex": code}) == [said]


LISTED = """\
defmodule Shop.Names do
  def known(hint, all?) do
    for name <- matching(hint, all?), name != "" do
      String.to_atom(name)
    end
  end

  defp matching(hint, all?) do
    names(all?)
    |> Enum.sort()
    |> Enum.filter(fn name -> String.starts_with?(name, hint) end)
  end

  defp names(true), do: ["Shop"] ++ names(false)

  defp names(false) do
    loaded = Enum.map(:code.all_loaded(), &Atom.to_string(elem(&1, 0)))
    loaded ++ Enum.map(Shop.Apps.all(), &Atom.to_string/1) ++ listed()
  end

  defp listed do
    for app <- Shop.Apps.all() do
      Atom.to_string(app)
    end
  end
end
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "~bounded"),
        ("&Atom.to_string/1", "fn app -> Atom.to_string(app) end", "~bounded"),
        ("&Atom.to_string/1", "& &1.name", "info"),
        ("&Atom.to_string/1", "fn app -> app.name end", "info"),
        ("      Atom.to_string(app)", "      app.name", "info"),
        ('["Shop"]', "Shop.Hints.all()", "info"),
        ("names(false)\n", "[names(true)]\n", "info"),
        ("|> Enum.filter(", "|> Enum.map(", "info"),
    ],
)
def test_names_of_modules_that_are_listed(old: str, new: str, said: str) -> None:
    code = LISTED.replace(old, new) if old else LISTED
    assert outcome(RULE, {"lib/names.ex": code}) == [said]


@pytest.mark.parametrize(
    ("config", "more", "said"),
    [
        ("import Config\nalias Shop.Env\nconfig :shop, unit: Env.unit()\n", "", "~start-up"),
        ("config :shop, unit: Shop.Env.unit()\n", "def start(_, _), do: unit()", "~start-up"),
        ("config :shop, unit: Shop.Env.unit()\n", "def all, do: unit()", "info"),
        ("config :shop, unit: Shop.Env.other()\n", "", "info"),
        ("config :shop, unit: Other.Env2.unit()\n", "", "info"),
    ],
)
def test_what_the_configuration_calls(config: str, more: str, said: str) -> None:
    code = (
        "defmodule Shop.Env do\n  def unit, do: parse(read())\n"
        f"  {more}\n  defp parse(text), do: String.to_atom(text)\nend\n"
    )
    assert outcome(RULE, {"config/runtime.exs": config, "lib/env.ex": code}) == [said]


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        ("def start_link(opts), do: Shop.Url.parse(opts)", "~start-up"),
        ("def init(opts), do: {:ok, Shop.Url.parse(opts)}", "~start-up"),
        ("def get(opts), do: Shop.Url.parse(opts)", "info"),
        ("def start_link(opts), do: opts", "info"),
        ("def init(opts), do: {:ok, %{read: &Shop.Url.parse/1, opts: opts}}", "info"),
        ("def init(o), do: {:ok, Keyword.get(o, :read, &Shop.Url.parse/1)}", "info"),
        ("def init(opts), do: {:ok, %{read: fn -> Shop.Url.parse(opts) end}}", "info"),
        ("def init(opts), do: {:ok, Enum.map(opts, &Shop.Url.parse/1)}", "~start-up"),
        ("def init(opts), do: spawn(fn -> Shop.Url.parse(opts) end)", "info"),
    ],
)
def test_what_only_a_start_comes_to(caller: str, said: str) -> None:
    url = """\
defmodule Shop.Url do
  def parse(opts), do: Enum.map(opts.tags, &tag/1)
  defp tag(%{key: key}), do: String.to_atom(key)
end
"""
    pool = f"defmodule Shop.Pool do\n  use GenServer\n  {caller}\nend\n"
    assert outcome(RULE, {"lib/url.ex": url, "lib/pool.ex": pool}) == [said]


@pytest.mark.parametrize(
    ("behaviour", "head", "value", "said"),
    [
        ("Config.Provider", "load(config, path)", "read(path).level", "~start-up"),
        ("Config.Provider", "init(path)", "read(path).level", "~start-up"),
        ("Config.Provider", "level(path)", "read(path).level", "info"),
        ("Shop.Provider", "load(config, path)", "read(path).level", "info"),
        # What an operator wrote has string keys, too.
        ("Config.Provider", "load(config, path)", 'read(path)["level"]', "~start-up"),
        ("Config.Provider", "level(path)", 'read(path)["level"]', "warning"),
        ("Shop.Provider", "load(config, path)", 'read(path)["level"]', "warning"),
    ],
)
def test_what_a_provider_of_the_configuration_reads(
    behaviour: str, head: str, value: str, said: str
) -> None:
    code = f"""\
defmodule Shop.Settings do
  @behaviour {behaviour}
  def {head}, do: Keyword.put(config(), :level, level_of(path))
  defp level_of(path), do: String.to_atom(Shop.Toml.{value})
end
"""
    assert outcome(RULE, {"lib/settings.ex": code}) == [said]


@pytest.mark.parametrize(
    ("listed", "body", "said"),
    [
        ("@names", "convert.(System.get_env(name))", "~bounded"),
        ("@names", "value = System.get_env(name)\n convert.(value)", "~bounded"),
        ("Shop.names()", "convert.(System.get_env(name))", "info"),
        ("@names", "convert.(Shop.setting(name))", "info"),
        ("@names", "Shop.put(convert, convert.(System.get_env(name)))", "info"),
    ],
)
@pytest.mark.parametrize("converter", ["&String.to_atom(&1)", "&String.to_atom/1"])
def test_a_conversion_handed_to_a_private_function(
    listed: str, body: str, said: str, converter: str
) -> None:
    code = f"""\
defmodule Shop.Settings do
  @names ~w(SHOP_UNIT SHOP_MODE)
  def all, do: read({listed}, {converter})

  defp read(names, convert) do
    Enum.map(names, fn name ->
      {body}
    end)
  end
end
"""
    assert outcome(RULE, {"lib/settings.ex": code}) == [said]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("if kind not in @kinds do\n raise kind\n end", []),
        ("unless kind in @kinds do\n raise kind\n end", []),
        ("if kind not in @kinds do\n fail(kind)\n end", []),
        ("if kind not in @kinds do\n kind |> fail()\n end", []),
        ("if kind not in @kinds do\n throw(kind)\n end", []),
        ("if kind not in @kinds do\n warn(kind)\n end", ["info"]),
        ("if kind in @kinds do\n raise kind\n end", ["info"]),
        ("if kind not in kinds() do\n raise kind\n end", ["info"]),
        ("if other not in @kinds do\n raise kind\n end", ["info"]),
        ("if kind not in @kinds do\n raise kind\n end\n kind = kind <> other", ["info"]),
    ],
)
def test_what_a_check_before_lets_by_is_bounded(check: str, said: list[str]) -> None:
    code = f"""\
defmodule Shop.Kinds do
  @kinds ["new", "old"]
  def go(kind, other) do
    {check}
    {{String.to_atom(kind), other}}
  end
  defp fail(kind), do: raise("no " <> kind)
  defp warn(kind), do: IO.puts(kind)
  defp kinds, do: Shop.Store.kinds()
end
"""
    found = outcome("dynamic-atom", {"lib/kinds.ex": code})
    assert [word for word in found if not word.startswith("~")] == said


@pytest.mark.parametrize(
    ("body", "more", "words"),
    [
        ("quote do\n defmodule A do\n def unquote(named(x)), do: 1\n end\n end", "", []),
        ("quote do\n unquote(named(x))\n end", "", ["info"]),
        ("defmodule(A, do: named(x))", "", ["info"]),
        (
            "quote do\n defmodule A do\n def unquote(named(x)), do: 1\n end\n end",
            "def other(x), do: named(x)",
            ["info"],
        ),
    ],
)
def test_names_in_a_module_that_is_written(body: str, more: str, words: list[str]) -> None:
    code = f"""\
defmodule Shop.Writer do
  def write(x) do
    {body}
  end
  {more}
  defp named(field), do: field |> String.downcase() |> String.to_atom()
end
"""
    found = outcome("dynamic-atom", {"lib/writer.ex": code})
    assert [word for word in found if not word.startswith("~")] == words


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("binary()", "atom()", ["info", "~bounded"]),
        ("atom()", "binary()", ["~bounded", "info"]),
        ("binary()", "binary()", ["info", "info"]),
    ],
)
def test_the_nearest_spec_above_speaks_of_a_clause(
    first: str, second: str, said: list[str]
) -> None:
    code = f"""\
defmodule Shop.Keys do
  @spec key({first}) :: atom()
  def key(text) when byte_size(text) > 9, do: String.to_atom(text)

  @spec key({second}) :: atom()
  def key(text), do: String.to_atom("shop_#{{text}}")
end
"""
    assert outcome(RULE, {"lib/keys.ex": code}) == said


@pytest.mark.parametrize(
    ("before", "name", "said"),
    [
        ("@spec go(atom()) :: atom()", "name \\\\ :all", "~bounded"),
        ("@spec go(binary()) :: atom()", 'name \\\\ "all"', "info"),
    ],
)
def test_a_default_is_no_part_of_a_name(before: str, name: str, said: str) -> None:
    code = f'defmodule Shop.A do\n  {before}\n  def go({name}), do: :"#{{name}}_all"\nend\n'
    assert outcome(RULE, {"lib/a.ex": code}) == [said]


def test_an_atom_made_of_one_that_is_made_elsewhere_is_told_there() -> None:
    code = """\
defmodule Shop.A do
  def table(x), do: String.to_atom("#{base(x)}_table")
  def base(x), do: String.to_atom(x)
end
"""
    assert outcome(RULE, {"lib/a.ex": code}) == ["~bounded", "info"]


@pytest.mark.parametrize(
    ("taken", "head", "made", "said"),
    [
        ('Map.take(x, ["name", "size"])', "{k, v}", "k", "~bounded"),
        ('x |> Map.take(["name", "size"])', "{k, v}", "k", "~bounded"),
        ('x |> Map.take(["name", "size"])', "{k, v}", "v", "info"),
        ("x |> Map.take(y())", "{k, v}", "k", "info"),
        ('x |> Map.drop(["name", "size"])', "{k, v}", "k", "info"),
    ],
)
def test_keys_of_what_was_taken_by_them(taken: str, head: str, made: str, said: str) -> None:
    body = f"{taken} |> Map.new(fn {head} -> {{String.to_atom({made}), v}} end)"
    assert outcome(RULE, in_function(body)) == [said]


def test_what_a_client_sent_is_input() -> None:
    code = in_function("String.to_atom(:cowboy_req.scheme(x))")
    (finding,) = analysed(rule(RULE), code).findings
    assert finding.severity == "warning"
    assert finding.evidence[0].note == "`:cowboy_req.scheme(x)` is what the client sent"
