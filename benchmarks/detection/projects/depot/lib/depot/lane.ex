defmodule Depot.Lane do
  @moduledoc "One conveyor lane, started when a lorry comes."
  use GenServer, restart: :transient

  def start_link(number), do: GenServer.start_link(__MODULE__, number, name: via(number))

  def open(number) do
    case DynamicSupervisor.start_child(Depot.Lanes, {__MODULE__, number}) do
      {:ok, pid} -> {:ok, pid}
      {:error, {:already_started, pid}} -> {:ok, pid}
      {:error, reason} -> {:error, reason}
    end
  end

  def open_quickly(number) do
    {:ok, pid} = Depot.Lane.start_link(number) # found: process-outside-supervisor
    pid
  end

  defp via(number), do: {:via, Registry, {Depot.Registry, {:lane, number}}}

  @impl true
  def init(number), do: {:ok, number}
end
