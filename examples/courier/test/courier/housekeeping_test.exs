defmodule Courier.HousekeepingTest do
  use ExUnit.Case, async: true

  test "sweeps again and again" do
    test = self()

    start_supervised!(
      {Courier.Housekeeping, every: 1, sweep: fn -> send(test, :swept) end, name: :housekeeping}
    )

    assert_receive :swept, 1_000
    assert_receive :swept, 1_000
  end
end
