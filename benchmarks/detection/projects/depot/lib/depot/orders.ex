defmodule Depot.Orders do
  @moduledoc "Orders as they come in, worked off in the background."
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, :none, name: __MODULE__)

  def receive_order(order), do: GenServer.call(__MODULE__, {:order, order})

  @impl true
  def init(:none) do
    Process.sleep(2_000) # found: blocking-init
    {:ok, %{jobs: %{}}}
  end

  @impl true
  def handle_call({:order, order}, _from, state) do
    spawn(fn -> print_label(order) end) # found: unsupervised-spawn
    Task.start(fn -> tell_customer(order) end) # found: unsupervised-task
    task = Task.Supervisor.async_nolink(Depot.Jobs, fn -> weigh(order) end)
    {:reply, :ok, put_in(state.jobs[task.ref], order)}
  end

  @impl true
  def handle_info({ref, _weight}, state) when is_reference(ref) do
    Process.demonitor(ref, [:flush])
    {:noreply, %{state | jobs: Map.delete(state.jobs, ref)}}
  end

  def handle_info({:DOWN, ref, :process, _pid, _reason}, state) do
    {:noreply, %{state | jobs: Map.delete(state.jobs, ref)}}
  end

  defp print_label(order), do: {:label, order}
  defp tell_customer(order), do: {:mail, order}
  defp weigh(order), do: map_size(order)
end
