defmodule Courier.Webhooks.Outbox do
  @moduledoc """
  Writes events where the shop gateway picks them up.
  """

  require Logger

  @doc "Hands one event to the gateway."
  def post(event) do
    Logger.debug("webhook #{encode(event)}")
  end

  @doc """
  An event as the gateway wants it.

      iex> Courier.Webhooks.Outbox.encode(%{parcel: "CR1", status: :sorted})
      "parcel=CR1&status=sorted"
  """
  def encode(event), do: event |> Enum.sort() |> URI.encode_query()
end
