defmodule Kiosk.Alarm do
  @moduledoc "Rings when the till is open for too long."

  @doc "Rings by `ring`."
  def ring(ring) do
    Task.start(fn -> ring.() end)
    :ok
  end
end
