defmodule CourierTest do
  use ExUnit.Case

  alias Courier.{Audit, Counters, Parcels}

  defp registered(zone \\ "city") do
    {:ok, parcel} = Courier.register(%{weight_kg: 3, zone: zone, recipient: "Ada"})
    parcel
  end

  test "a parcel is registered and can be fetched" do
    parcel = registered()
    assert {:ok, ^parcel} = Parcels.fetch(parcel.id)
    assert {:registered, parcel.id} in Audit.latest(10)
  end

  test "an incomplete parcel is refused" do
    assert {:error, :invalid_parcel} = Courier.register(%{weight_kg: 0})
  end

  test "scans move a parcel on and are kept in order" do
    parcel = registered()
    assert {:ok, %{status: :collected}} = Courier.scan("#{parcel.id};collected;hamburg")
    assert {:ok, %{status: :sorted}} = Courier.scan("#{parcel.id};sorted;hannover")

    assert [:collected, :sorted] = Enum.map(Courier.history(parcel.id), & &1.status)
  end

  test "an illegal move leaves the parcel where it was" do
    parcel = registered()

    assert {:error, {:illegal_move, :registered, :delivered}} =
             Courier.scan("#{parcel.id};delivered;hamburg")

    assert {:ok, %{status: :registered}} = Parcels.fetch(parcel.id)
    assert [] = Courier.history(parcel.id)
  end

  test "a scan of an unknown parcel is an error" do
    assert {:error, :unknown_parcel} = Courier.scan("CRNONE;sorted;hamburg")
  end

  test "registrations are counted" do
    before = Map.get(Counters.all(), :registered, 0)
    registered()
    assert Counters.all().registered == before + 1
  end
end
