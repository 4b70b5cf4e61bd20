defmodule Courier.ParcelsTest do
  use ExUnit.Case, async: true

  alias Courier.Parcels

  setup do
    server = start_supervised!({Parcels, name: :parcels_under_test})
    %{server: server}
  end

  test "keeps, counts and forgets parcels", %{server: server} do
    :ok = Parcels.put(server, %{id: "CR1"})
    :ok = Parcels.put(server, %{id: "CR2"})
    assert Parcels.count(server) == 2

    :ok = Parcels.delete(server, "CR1")
    assert {:error, :unknown_parcel} = Parcels.fetch(server, "CR1")
    assert {:ok, %{id: "CR2"}} = Parcels.fetch(server, "CR2")
  end

  test "forgets parcels that have arrived", %{server: server} do
    :ok = Parcels.put(server, %{id: "CR1", status: :delivered})
    :ok = Parcels.put(server, %{id: "CR2", status: :sorted})
    assert Parcels.forget_delivered(server) == 1
    assert Parcels.count(server) == 1
  end
end
