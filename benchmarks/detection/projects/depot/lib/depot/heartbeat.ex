defmodule Depot.Heartbeat do
  @moduledoc "Says that the depot is alive, every few seconds."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, :none, name: __MODULE__)

  @doc "How often it has been heard."
  def beats, do: GenServer.call(__MODULE__, :beats)

  @impl true
  def init(:none) do
    send(self(), :beat) # found: self-send-in-init
    {:ok, %{beats: 0}}
  end

  @impl true
  def handle_call(:beats, _from, state), do: {:reply, state.beats, state}

  @impl true
  def handle_info(:beat, state) do
    Process.send_after(self(), :beat, 5_000)
    {:noreply, %{state | beats: state.beats + 1}}
  end
end
