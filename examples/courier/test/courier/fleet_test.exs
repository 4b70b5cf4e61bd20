defmodule Courier.FleetTest do
  use ExUnit.Case

  alias Courier.Fleet

  test "a van goes out and reports" do
    {:ok, van} = Fleet.send_out("HH-CR 1")
    assert "HH-CR 1" in Fleet.plates()
    assert Fleet.position("HH-CR 1") == nil

    :ok = Fleet.report("HH-CR 1", {53.5, 10.0})
    assert Fleet.position("HH-CR 1") == {53.5, 10.0}

    :ok = GenServer.stop(van)
  end

  test "a plate is out once" do
    {:ok, van} = Fleet.send_out("HH-CR 2")
    assert {:error, {:already_started, ^van}} = Fleet.send_out("HH-CR 2")
    :ok = GenServer.stop(van)
  end
end
