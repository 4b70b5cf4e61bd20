defmodule Courier.Parcel do
  @moduledoc """
  A parcel and the states it may pass through.
  """

  @enforce_keys [:id, :weight_kg, :zone, :recipient]
  defstruct [:id, :weight_kg, :zone, :recipient, status: :registered]

  @moves %{
    registered: [:collected],
    collected: [:sorted],
    sorted: [:sorted, :out_for_delivery],
    out_for_delivery: [:delivered, :refused],
    refused: [:sorted],
    delivered: []
  }

  @doc "Builds a parcel with a fresh tracking number."
  def new(%{weight_kg: weight, zone: zone, recipient: recipient})
      when is_number(weight) and weight > 0 and is_binary(zone) and is_binary(recipient) do
    {:ok, %__MODULE__{id: tracking_number(), weight_kg: weight, zone: zone, recipient: recipient}}
  end

  def new(_attributes), do: {:error, :invalid_parcel}

  @doc "Moves a parcel on, if its state allows."
  def move(%__MODULE__{} = parcel, status) do
    if status in Map.fetch!(@moves, parcel.status) do
      {:ok, %{parcel | status: status}}
    else
      {:error, {:illegal_move, parcel.status, status}}
    end
  end

  defp tracking_number do
    "CR" <> Base.encode32(:crypto.strong_rand_bytes(5), padding: false)
  end
end
