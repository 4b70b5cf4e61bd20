defmodule Courier.Ledger do
  @moduledoc """
  Every scan ever taken, appended to a file and replayed at start.

  Without a path the ledger keeps scans for the life of the node only.
  """
  use GenServer

  alias Courier.Tracking.Scan

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  def append(server \\ __MODULE__, %Scan{} = scan), do: GenServer.call(server, {:append, scan})

  def history(server \\ __MODULE__, parcel_id), do: GenServer.call(server, {:history, parcel_id})

  @impl true
  def init(opts) do
    {:ok, %{path: opts[:path], scans: %{}}, {:continue, :replay}}
  end

  @impl true
  def handle_continue(:replay, state) do
    {:noreply, %{state | scans: Enum.reduce(stored(state.path), %{}, &remember/2)}}
  end

  @impl true
  def handle_call({:append, scan}, _from, state) do
    :ok = store(state.path, scan)
    {:reply, :ok, %{state | scans: remember(scan, state.scans)}}
  end

  def handle_call({:history, parcel_id}, _from, state) do
    {:reply, state.scans |> Map.get(parcel_id, []) |> Enum.reverse(), state}
  end

  defp remember(scan, scans), do: Map.update(scans, scan.parcel_id, [scan], &[scan | &1])

  defp store(nil, _scan), do: :ok

  defp store(path, scan) do
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, [Scan.to_line(scan), ?\n], [:append])
  end

  defp stored(nil), do: []

  defp stored(path) do
    if File.exists?(path) do
      for line <- File.stream!(path), {:ok, scan} <- [Scan.parse(line)], do: scan
    else
      []
    end
  end
end
