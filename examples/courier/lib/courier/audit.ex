defmodule Courier.Audit do
  @moduledoc """
  The last things that were done, for the support desk.
  """
  use GenServer

  @kept 100

  @doc "Records an entry; the log comes up with the first one."
  def record(entry) do
    case GenServer.start(__MODULE__, [], name: __MODULE__) do
      {:ok, _pid} -> :ok
      {:error, {:already_started, _pid}} -> :ok
    end

    GenServer.cast(__MODULE__, {:record, entry})
  end

  @doc "The latest entries, newest first."
  def latest(count), do: GenServer.call(__MODULE__, {:latest, count})

  @impl true
  def init(_opts), do: {:ok, []}

  @impl true
  def handle_cast({:record, entry}, entries) do
    {:noreply, Enum.take([entry | entries], @kept)}
  end

  @impl true
  def handle_call({:latest, count}, _from, entries) do
    {:reply, Enum.take(entries, count), entries}
  end
end
