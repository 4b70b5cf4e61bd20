defmodule Courier.Notifications do
  @moduledoc """
  Tells recipients where their parcel is.
  """

  require Logger

  @doc "Sends a message about a parcel. Delivery happens aside, the scan does not wait for it."
  def notify(parcel, deliver \\ &log/1) do
    message = text(parcel)
    spawn(fn -> deliver.(message) end)
    :ok
  end

  @doc "The message for a parcel's state."
  def text(%{status: :delivered} = parcel), do: "#{parcel.recipient}, your parcel has arrived."

  def text(%{status: :out_for_delivery} = parcel) do
    "#{parcel.recipient}, your parcel comes today."
  end

  def text(parcel), do: "#{parcel.recipient}, your parcel is #{parcel.status}."

  defp log(message), do: Logger.info(message)
end
