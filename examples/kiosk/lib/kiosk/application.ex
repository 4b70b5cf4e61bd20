defmodule Kiosk.Application do
  @moduledoc false
  use Application

  @impl true
  def start(_type, _args) do
    children = [Kiosk.Till]
    Supervisor.start_link(children, strategy: :one_for_one, name: Kiosk.Supervisor)
  end
end
