defmodule Courier.ImporterTest do
  use ExUnit.Case, async: true

  alias Courier.{Importer, Parcels}

  setup do
    %{importer: start_supervised!({Importer, name: :importer_under_test})}
  end

  test "imports a list in its order", %{importer: importer} do
    list = "recipient,zone,weight\nAda,city,2\nGrace,island,5\n"
    assert {:ok, [first, second]} = Importer.import_list(importer, list)
    assert {:ok, %{recipient: "Ada"}} = Parcels.fetch(first)
    assert {:ok, %{recipient: "Grace", weight_kg: 5}} = Parcels.fetch(second)
    assert Importer.imported(importer) == 2
    assert "hamburg" in Courier.Manifest.stops()
  end

  test "refuses a list it cannot read", %{importer: importer} do
    assert {:error, :import_failed} = Importer.import_list(importer, "h\nAda,city,heavy\n")
    assert Importer.imported(importer) == 0
  end
end
