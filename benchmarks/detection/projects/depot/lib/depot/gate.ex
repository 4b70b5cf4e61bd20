defmodule Depot.Gate do
  @moduledoc "Lets lorries in, one at a time."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, :none, name: __MODULE__)

  def enter(lorry), do: GenServer.call(__MODULE__, {:enter, lorry})

  def leave(lorry), do: GenServer.cast(__MODULE__, {:leave, lorry})

  @impl true
  def init(:none) do
    Process.send_after(self(), :tick, 1_000)
    {:ok, %{inside: nil, waiting: :queue.new()}}
  end

  @impl true
  def handle_call({:enter, lorry}, from, %{inside: nil} = state) do
    GenServer.reply(from, :ok) # found: double-reply
    {:reply, :ok, %{state | inside: lorry}}
  end

  def handle_call({:enter, lorry}, from, state) do
    {:noreply, %{state | waiting: :queue.in({lorry, from}, state.waiting)}}
  end

  @impl true
  def handle_cast({:leave, _lorry}, state) do
    case :queue.out(state.waiting) do
      {{:value, {next, from}}, rest} ->
        GenServer.reply(from, :ok)
        {:noreply, %{state | inside: next, waiting: rest}}

      {:empty, _} ->
        {:noreply, %{state | inside: nil}}
    end
  end

  @impl true
  def handle_info(:tick, state) do
    if Depot.Label.debug?(), do: IO.inspect(state.waiting, label: "waiting")
    Process.send_after(self(), :tick, 1_000)
    {:noreply, state}
  end
end
