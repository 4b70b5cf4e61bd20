defmodule Courier.DispatchTest do
  use ExUnit.Case, async: true

  alias Courier.Dispatch

  setup do
    desk = start_supervised!({Dispatch, name: :desk_under_test})
    :ok = Dispatch.hire(desk, "mia")
    %{desk: desk}
  end

  test "hours add up over shifts", %{desk: desk} do
    :ok = Dispatch.clock_in(desk, "mia", 8)
    assert {:error, :already_in} = Dispatch.clock_in(desk, "mia", 9)
    :ok = Dispatch.clock_out(desk, "mia", 12)
    :ok = Dispatch.clock_in(desk, "mia", 13)
    :ok = Dispatch.clock_out(desk, "mia", 17)
    assert Dispatch.hours(desk, "mia") == 8
    assert {:error, :not_in} = Dispatch.clock_out(desk, "mia", 18)
  end

  test "a parcel has one driver", %{desk: desk} do
    :ok = Dispatch.assign(desk, "mia", "CR1")
    assert {:error, :already_assigned} = Dispatch.assign(desk, "mia", "CR1")
    assert {:error, :unknown_driver} = Dispatch.assign(desk, "tom", "CR2")
    assert ["CR1"] = Dispatch.round_of(desk, "mia")
  end

  test "a driver on the round cannot leave", %{desk: desk} do
    :ok = Dispatch.assign(desk, "mia", "CR1")
    assert {:error, :still_on_round} = Dispatch.dismiss(desk, "mia")
    :ok = Dispatch.unassign(desk, "CR1")
    assert :ok = Dispatch.dismiss(desk, "mia")
    assert [] = Dispatch.drivers(desk)
  end

  test "a van has one driver", %{desk: desk} do
    :ok = Dispatch.hire(desk, "tom")
    :ok = Dispatch.give_van(desk, "mia", "HH-CR 1")
    assert {:error, :van_taken} = Dispatch.give_van(desk, "tom", "HH-CR 1")
    assert {:ok, "HH-CR 1"} = Dispatch.van_of(desk, "mia")
    assert :error = Dispatch.van_of(desk, "tom")
  end

  test "fuel, incidents, announcements and holidays are noted", %{desk: desk} do
    :ok = Dispatch.refuel(desk, "HH-CR 1", 40)
    :ok = Dispatch.refuel(desk, "HH-CR 1", 25)
    :ok = Dispatch.incident(desk, "flat tyre")
    :ok = Dispatch.announce(desk, "ice on the roads")
    :ok = Dispatch.set_holiday(desk, ~D[2026-12-25])

    assert Dispatch.fuel(desk, "HH-CR 1") == 65
    assert ["flat tyre"] = Dispatch.incidents(desk)
    assert ["ice on the roads"] = Dispatch.announcements(desk)
    assert Dispatch.holiday?(desk, ~D[2026-12-25])
    refute Dispatch.holiday?(desk, ~D[2026-12-27])
  end

  test "the day closes when everybody is back", %{desk: desk} do
    :ok = Dispatch.clock_in(desk, "mia", 8)
    assert {:error, :drivers_still_out} = Dispatch.close_day(desk)
    :ok = Dispatch.clock_out(desk, "mia", 16)
    assert {:ok, %{drivers: 1, hours: 8}} = Dispatch.close_day(desk)
    assert %{hours: 0} = Dispatch.report(desk)
  end
end
