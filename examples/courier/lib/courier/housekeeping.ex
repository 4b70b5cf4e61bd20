defmodule Courier.Housekeeping do
  @moduledoc """
  Drops delivered parcels from memory now and then; the ledger keeps their story.
  """
  use GenServer

  @every :timer.minutes(10)

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @impl true
  def init(opts) do
    state = %{
      every: Keyword.get(opts, :every, @every),
      sweep: Keyword.get(opts, :sweep, &Courier.Parcels.forget_delivered/0)
    }

    schedule(state)
    {:ok, state}
  end

  @impl true
  def handle_info(:sweep, state) do
    state.sweep.()
    schedule(state)
    {:noreply, state}
  end

  defp schedule(state), do: Process.send_after(self(), :sweep, state.every)
end
