defmodule Courier.Fleet do
  @moduledoc """
  Vans on the road, each a process under a supervisor of its own.
  """
  use Supervisor

  alias Courier.Fleet.Van

  @registry Courier.Fleet.Registry
  @vans Courier.Fleet.Vans

  def start_link(opts) do
    Supervisor.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @doc "Sends a van out."
  def send_out(plate) do
    DynamicSupervisor.start_child(@vans, {Van, plate: plate, name: via(plate)})
  end

  @doc "Reports a van's position."
  def report(plate, position), do: Van.report(via(plate), position)

  @doc "The last position of a van."
  def position(plate), do: Van.position(via(plate))

  @doc "Plates of all vans on the road."
  def plates do
    @registry |> Registry.select([{{:"$1", :_, :_}, [], [:"$1"]}]) |> Enum.sort()
  end

  @impl true
  def init(_opts) do
    children = [
      {Registry, keys: :unique, name: @registry},
      {DynamicSupervisor, strategy: :one_for_one, name: @vans}
    ]

    Supervisor.init(children, strategy: :rest_for_one)
  end

  defp via(plate), do: {:via, Registry, {@registry, plate}}
end
