defmodule Courier.CountersTest do
  use ExUnit.Case, async: true

  alias Courier.Counters

  test "counts by key" do
    counters = start_supervised!({Counters, name: :counters_under_test})
    Counters.bump(counters, :scans)
    Counters.bump(counters, :scans)
    Counters.bump(counters, :refusals)
    assert %{scans: 2, refusals: 1} = Counters.all(counters)
  end
end
