defmodule Courier do
  @moduledoc """
  The public face of the parcel tracker.
  """

  alias Courier.{Audit, Counters, Eta, Ledger, Notifications, Parcel, Parcels}
  alias Courier.{Station, Webhooks}
  alias Courier.Tracking.Scan

  @doc "Registers a parcel and returns it with its tracking number."
  def register(attributes) do
    with {:ok, parcel} <- Parcel.new(attributes) do
      :ok = Parcels.put(parcel)
      Counters.bump(:registered)
      Audit.record({:registered, parcel.id})
      {:ok, parcel}
    end
  end

  @doc "Takes one line of a hand scanner: `id;status;depot`."
  def scan(line) do
    with {:ok, scan} <- Scan.parse(line),
         {:ok, parcel} <- Parcels.fetch(scan.parcel_id),
         {:ok, moved} <- Parcel.move(parcel, scan.status) do
      :ok = Parcels.put(moved)
      :ok = Ledger.append(scan)
      Counters.bump(:scans)
      Notifications.notify(moved)
      Webhooks.publish(%{parcel: moved.id, status: moved.status, station: Station.name()})
      Eta.refresh(moved)
      {:ok, moved}
    end
  end

  @doc "All scans of a parcel, oldest first."
  def history(parcel_id), do: Ledger.history(parcel_id)
end
