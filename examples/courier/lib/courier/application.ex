defmodule Courier.Application do
  @moduledoc false
  use Application

  @impl true
  def start(_type, _args) do
    {:ok, _pid} = Courier.Counters.start_link([])

    children = [
      Courier.Audit,
      Courier.Station,
      Courier.Depots,
      {Courier.Ledger, path: Application.get_env(:courier, :ledger_path)},
      Courier.Parcels,
      Courier.Network,
      Courier.Routing,
      Courier.Rates,
      {Courier.Manifest, name: Courier.Manifest},
      Courier.Eta,
      {Courier.Labels, printer: Application.get_env(:courier, :printer)},
      Courier.Importer,
      Courier.Fleet,
      Courier.Dispatch,
      Courier.Housekeeping
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Courier.Supervisor)
  end
end
