defmodule Courier.PricingTest do
  use ExUnit.Case, async: true

  alias Courier.Pricing

  test "a promotion lowers the price while it is in force" do
    assert {:ok, 450} = Pricing.quote_price("city", 1)
    :ok = Pricing.use_promotion("SPRING")
    assert {:ok, 405} = Pricing.quote_price("city", 1)
    :ok = Pricing.use_promotion("NONE")
    assert {:ok, 450} = Pricing.quote_price("city", 1)
  end

  test "zones are compared at once" do
    assert %{"city" => {:ok, 450}, "mars" => {:error, :unknown_zone}} =
             Pricing.compare(["city", "mars"], 1)
  end
end
