defmodule Courier.RatesTest do
  use ExUnit.Case, async: true

  alias Courier.Rates

  @moduletag :tmp_dir

  setup %{tmp_dir: dir} do
    path = Path.join(dir, "rates.csv")
    File.write!(path, "zone,base_cents,per_kg_cents\nmoon,9900,1000\n")
    %{rates: start_supervised!({Rates, path: path, name: :rates_under_test})}
  end

  test "prices a parcel by zone and weight", %{rates: rates} do
    assert {:ok, 12_400} = Rates.price(rates, "moon", 2.5)
    assert {:error, :unknown_zone} = Rates.price(rates, "mars", 1)
  end

  test "lists base prices", %{rates: rates} do
    assert %{"moon" => 9900} == Rates.table(rates)
  end
end
