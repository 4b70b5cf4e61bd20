defmodule Courier.Tracking.Scan do
  @moduledoc """
  One line of a hand scanner.
  """

  @enforce_keys [:parcel_id, :status, :depot]
  defstruct [:parcel_id, :status, :depot]

  @doc """
  Parses `id;status;depot`.

      iex> {:ok, scan} = Courier.Tracking.Scan.parse("CR1;sorted;hamburg")
      iex> {scan.parcel_id, scan.status, scan.depot}
      {"CR1", :sorted, "hamburg"}
  """
  def parse(line) do
    case line |> String.trim() |> String.split(";") do
      [id, status, depot] when id != "" and status != "" ->
        {:ok, %__MODULE__{parcel_id: id, status: String.to_atom(status), depot: depot}}

      _other ->
        {:error, :unreadable_scan}
    end
  end

  @doc "The line a scan came from."
  def to_line(%__MODULE__{} = scan), do: "#{scan.parcel_id};#{scan.status};#{scan.depot}"
end
