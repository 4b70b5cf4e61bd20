defmodule Depot.Application do
  use Application

  @impl true
  def start(_type, _args) do
    children = [
      {Registry, keys: :unique, name: Depot.Registry},
      {Task.Supervisor, name: Depot.Jobs},
      {DynamicSupervisor, name: Depot.Lanes, strategy: :one_for_one},
      Depot.Shelf,
      Depot.Orders,
      Depot.Tariffs,
      Depot.Weights,
      Depot.Gate,
      Depot.Heartbeat,
      Depot.Courier
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Depot.Supervisor)
  end
end
