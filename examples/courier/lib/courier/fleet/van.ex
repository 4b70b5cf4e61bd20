defmodule Courier.Fleet.Van do
  @moduledoc """
  One van; it reports where it is every few minutes, so a restart forgets nothing of value.
  """
  use GenServer, restart: :transient

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts[:plate], name: Keyword.fetch!(opts, :name))
  end

  def report(van, {_latitude, _longitude} = position),
    do: GenServer.call(van, {:report, position})

  def position(van), do: GenServer.call(van, :position)

  @impl true
  def init(plate), do: {:ok, %{plate: plate, position: nil}}

  @impl true
  def handle_call({:report, position}, _from, van) do
    {:reply, :ok, %{van | position: position}}
  end

  def handle_call(:position, _from, van), do: {:reply, van.position, van}
end
