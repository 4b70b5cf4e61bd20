defmodule Kiosk.Receipts do
  @moduledoc "Sends receipts without holding up the till."

  @doc "Sends a receipt by `send_off`."
  def mail(receipt, send_off) do
    spawn(fn -> send_off.(receipt) end)
    :ok
  end
end
