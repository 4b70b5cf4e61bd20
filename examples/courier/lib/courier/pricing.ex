defmodule Courier.Pricing do
  @moduledoc """
  Prices for the counter: tariff, promotion, and a comparison over all zones.
  """

  alias Courier.Rates

  @promotions %{"SPRING" => 10, "LOYAL" => 15}

  @doc "Puts a promotion in force for the prices that follow."
  def use_promotion(code) do
    Process.put(:promotion, Map.get(@promotions, code, 0))
    :ok
  end

  @doc "The price in cents, less the promotion in force."
  def quote_price(zone, weight_kg) do
    with {:ok, cents} <- Rates.price(zone, weight_kg) do
      {:ok, cents - div(cents * Process.get(:promotion, 0), 100)}
    end
  end

  @doc "What a weight costs in each of the zones, asked at the same time."
  def compare(zones, weight_kg) do
    prices =
      zones
      |> Enum.map(fn zone -> Task.async(fn -> Rates.price(zone, weight_kg) end) end)
      |> Task.await_many()

    zones |> Enum.zip(prices) |> Map.new()
  end
end
