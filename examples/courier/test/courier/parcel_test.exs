defmodule Courier.ParcelTest do
  use ExUnit.Case, async: true

  alias Courier.Parcel

  setup do
    {:ok, parcel} = Parcel.new(%{weight_kg: 2.5, zone: "city", recipient: "Grace"})
    %{parcel: parcel}
  end

  test "tracking numbers differ", %{parcel: parcel} do
    {:ok, other} = Parcel.new(%{weight_kg: 2.5, zone: "city", recipient: "Grace"})
    assert parcel.id != other.id
  end

  test "a parcel travels to its door", %{parcel: parcel} do
    delivered =
      Enum.reduce([:collected, :sorted, :out_for_delivery, :delivered], parcel, fn status,
                                                                                   parcel ->
        {:ok, moved} = Parcel.move(parcel, status)
        moved
      end)

    assert delivered.status == :delivered
  end

  test "a refused parcel goes back to sorting", %{parcel: parcel} do
    assert {:ok, %{status: :sorted}} = Parcel.move(%{parcel | status: :refused}, :sorted)
  end

  test "a delivered parcel stays delivered", %{parcel: parcel} do
    assert {:error, {:illegal_move, :delivered, :sorted}} =
             Parcel.move(%{parcel | status: :delivered}, :sorted)
  end
end
