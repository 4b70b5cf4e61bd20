"""Small servers as people write them: structs, keyword options, several clauses, comments."""

from __future__ import annotations

STRUCT = """\
defmodule Shop.Prices do
  @moduledoc "Prices by currency, as the source gave them at the start."
  use GenServer

  alias Shop.Prices.Table

  defstruct source: nil, prices: %{}, loaded_at: nil, hits: 0

  @type t :: %__MODULE__{}

  def start_link(opts) do
    {name, opts} = Keyword.pop(opts, :name, __MODULE__)
    GenServer.start_link(__MODULE__, opts, name: name)
  end

  def price(server \\\\ __MODULE__, currency), do: GenServer.call(server, {:price, currency})

  @impl GenServer
  def init(opts) do
    source = Keyword.fetch!(opts, :source)

    # The source answers only after its own warm-up.
    prices = GenServer.call(source, :prices, 30_000)
    {:ok, %__MODULE__{source: source, prices: prices}}
  end

  @impl GenServer
  def handle_call({:price, currency}, _from, %__MODULE__{} = state) do
    {:reply, Table.find(state.prices, currency), %{state | hits: state.hits + 1}}
  end
end

defmodule Shop.Prices.Table do
  @moduledoc false
  def find(prices, currency) when is_map(prices), do: Map.get(prices, currency)
  def find(_other, _currency), do: nil
end
"""

CLAUSES = """\
defmodule Shop.Clock do
  use GenServer

  def start_link(arg), do: GenServer.start_link(__MODULE__, arg)

  @impl true
  def init(:fixed), do: {:ok, %{now: "0", zone: "UTC"}}

  def init(_arg) do
    # Two programs, one after the other.
    {now, 0} = System.cmd("date", ["+%s"])
    {zone, 0} = System.cmd("date", ["+%Z"])

    {:ok, %{now: String.trim(now), zone: String.trim(zone)}}
  end

  @impl true
  def handle_call(:now, _from, state), do: {:reply, state.now, state}

  @impl true
  def handle_info(_message, state), do: {:noreply, state}
end
"""

KEYWORD = '''\
defmodule Shop.Host do
  use GenServer

  @doc """
  Options: `:label`.
  """
  def start_link(opts \\\\ []) do
    GenServer.start_link(__MODULE__, opts, Keyword.take(opts, [:name]))
  end

  @impl true
  def init(opts) do
    state = %{label: opts[:label] || "host", host: nil}
    {out, 0} = System.cmd("uname", ["-n"])
    {:ok, %{state | host: String.trim(out)}}
  end

  @impl true
  def handle_call(:host, _from, state) do
    {:reply, {state.label, state.host}, state}
  end
end
'''

MAILER = """\
defmodule Shop.Mailer do
  @moduledoc "Sends mail aside; keeps count of what was taken on."
  use GenServer

  defstruct sent: 0, limit: 10

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts)

  @impl GenServer
  def init(opts), do: {:ok, struct(__MODULE__, opts)}

  @impl GenServer
  def handle_cast({:deliver, work}, %__MODULE__{} = state) do
    # Nobody waits for the outcome.
    Task.async(work)
    {:noreply, %{state | sent: state.sent + 1}}
  end

  @impl GenServer
  def handle_call(:sent, _from, state), do: {:reply, state.sent, state}
end
"""

REPORTS = """\
defmodule Shop.Reports do
  use GenServer

  require Logger

  @impl true
  def init(_opts) do
    {:ok, %{last: nil, running: 0}}
  end

  @impl true
  def handle_cast({:build, build}, state) do
    Task.Supervisor.async(Shop.Tasks, fn -> build.() end)
    {:noreply, %{state | running: state.running + 1}}
  end

  @impl true
  def handle_info({ref, {:report, report}}, state) when is_reference(ref) do
    Process.demonitor(ref, [:flush])
    {:noreply, %{state | last: report, running: state.running - 1}}
  end

  def handle_info(message, state) do
    Logger.warning("unexpected: #{inspect(message)}")
    {:noreply, state}
  end
end
"""

CALLS = """\
defmodule Shop.Search do
  use GenServer

  @impl true
  def init(opts) do
    {:ok, %{index: Keyword.get(opts, :index, %{}), queries: 0}}
  end

  @impl true
  def handle_call({:warm, work, _term}, _from, %{queries: queries} = state) do
    Task.Supervisor.async(Shop.Tasks, fn -> work.() end)
    {:reply, :ok, %{state | queries: queries + 1}}
  end
end
"""

SLOW = {"struct": STRUCT, "clauses": CLAUSES, "keyword": KEYWORD}
LINKED = {"mailer": MAILER, "reports": REPORTS, "calls": CALLS}
