defmodule Courier.Manifest do
  @moduledoc """
  Today's stops, in driving order.
  """
  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Today's stops."
  def stops(server \\ __MODULE__), do: GenServer.call(server, :stops)

  @impl true
  def init(opts) do
    send(self(), :load)
    {:ok, %{loader: Keyword.get(opts, :loader, &Courier.Depots.names/0), stops: []}}
  end

  @impl true
  def handle_call(:stops, _from, state), do: {:reply, state.stops, state}

  @impl true
  def handle_info(:load, state) do
    {:noreply, %{state | stops: state.loader.()}}
  end
end
