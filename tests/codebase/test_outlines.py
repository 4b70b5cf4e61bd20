"""What a file holds, as records and as text."""

from __future__ import annotations

from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from bot.codebase.outlines import MOST_STATEMENTS, module_outlines, outline_text
from bot.core.ports import FunctionOutline

CART = b"""\
defmodule Shop.Cart do
  @moduledoc "A cart."
  use GenServer, restart: :transient
  alias Shop.{Bank, Item}
  import Enum
  @behaviour Shop.Pricing
  @timeout 5_000
  @type t :: %__MODULE__{items: [Item.t()]}
  @callback price(Item.t()) :: integer()
  defstruct items: []

  @doc "Starts it."
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\\\ []), do: GenServer.start_link(__MODULE__, opts)

  @doc false
  def total(%{items: []}), do: 0
  def total(%{items: items}) when is_list(items) do
    sum(items)
  end

  @impl true
  def init(_), do: {:ok, %__MODULE__{}}

  defmacro sigil_m(text, _), do: text
  defp pay(cart), do: Bank.pay(cart, @timeout)

  defmodule Empty do
    defexception [:message]
  end
end

defimpl String.Chars, for: Shop.Cart do
  def to_string(_), do: "cart"
end
"""


def test_an_outline_shows_what_there_is_with_its_line() -> None:
    assert outline_text("lib/cart.ex", CART) == dedent("""\
        lib/cart.ex, 35 lines
            1 defmodule Shop.Cart
            3   use GenServer, restart: :transient
            4   alias Shop.{Bank, Item}
            6   @behaviour Shop.Pricing
            7   @timeout 5_000
            8   @type t :: %__MODULE__{items: [Item.t()]}
            9   @callback price(Item.t()) :: integer()
           10   defstruct items: []
           14   def start_link/1
           17   def total/1, clauses at 17, 18
           23   def init/1, impl
           25   defmacro sigil_m/2
           26   defp pay/1
           28   defmodule Shop.Cart.Empty
           29     defexception [:message]
           33 defimpl String.Chars.Shop.Cart
           34   def to_string/1
        """)


def test_modules_are_records() -> None:
    cart, empty, chars = module_outlines("lib/cart.ex", CART)
    assert (cart.name, cart.path, cart.line) == ("Shop.Cart", "lib/cart.ex", 1)
    assert cart.behaviours == ("GenServer", "Shop.Pricing")
    assert cart.functions == (
        FunctionOutline(name="start_link", arity=1, kind="def", line=14, documented=True),
        FunctionOutline(name="total", arity=1, kind="def", line=17),
        FunctionOutline(name="init", arity=1, kind="def", line=23),
        FunctionOutline(name="sigil_m", arity=2, kind="defmacro", line=25),
        FunctionOutline(name="pay", arity=1, kind="defp", line=26),
    )
    assert cart.references == ("Enum", "GenServer", "Shop.Bank", "Shop.Item", "Shop.Pricing")
    assert (empty.name, empty.line, empty.functions) == ("Shop.Cart.Empty", 28, ())
    assert chars.name == "String.Chars.Shop.Cart"


def test_tests_are_told_within_their_groups() -> None:
    text = outline_text(
        "test/a_test.exs",
        b'defmodule A do\n  use ExUnit.Case\n  describe "f/1" do\n    setup [:x]\n\n'
        b'    test "adds", %{a: a} do\n      assert a\n    end\n  end\nend\n',
    )
    assert text.splitlines()[2:] == [
        "    2   use ExUnit.Case",
        '    3   describe "f/1"',
        "    4     setup [:x]",
        '    6     test "adds", %{a: a}',
    ]


def test_a_file_that_does_not_parse_says_so_and_shows_the_rest() -> None:
    text = outline_text("a.ex", b"defmodule A do\n  def f, do: 1\n  def g do\nend\n")
    assert "does not parse near line" in text
    assert "def f/0" in text


def test_scripts_and_empty_files_have_no_modules() -> None:
    assert outline_text("a.exs", b"") == "a.exs, 0 lines\nno modules\n"
    assert outline_text("a.exs", b"import Config\n").endswith("no modules\n")
    assert module_outlines("a.exs", b"") == ()


def test_an_outline_stays_short_and_shows_nothing_hidden() -> None:
    body = "\n".join(f"  plug :step_{n}, option: {'x' * 500}" for n in range(100))
    text = outline_text("a.ex", f'defmodule A do\n  @a "\u202e"\n{body}\nend\n'.encode())
    assert f"… {101 - MOST_STATEMENTS} more statements" in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 130


@given(st.text(max_size=80))
def test_any_text_has_an_outline(text: str) -> None:
    data = text.encode()
    assert outline_text("a.ex", data).startswith("a.ex, ")
    assert isinstance(module_outlines("a.ex", data), tuple)
