defmodule Courier.Audit do
  @moduledoc """
  The last things that were done, for the support desk. The log file has them all.
  """
  use GenServer

  require Logger

  @kept 100

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Records an entry."
  def record(server \\ __MODULE__, entry), do: GenServer.cast(server, {:record, entry})

  @doc "The latest entries, newest first."
  def latest(server \\ __MODULE__, count), do: GenServer.call(server, {:latest, count})

  @impl true
  def init(_opts), do: {:ok, []}

  @impl true
  def handle_cast({:record, entry}, entries) do
    Logger.info("audit #{inspect(entry)}")
    {:noreply, Enum.take([entry | entries], @kept)}
  end

  @impl true
  def handle_call({:latest, count}, _from, entries) do
    {:reply, Enum.take(entries, count), entries}
  end
end
