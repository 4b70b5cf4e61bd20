defmodule Courier.CountersTest do
  use ExUnit.Case, async: true

  alias Courier.Counters

  test "counts by key" do
    [scans, refusals] = [make_ref(), make_ref()]
    Counters.bump(scans)
    Counters.bump(scans)
    Counters.bump(refusals)
    assert %{^scans => 2, ^refusals => 1} = Counters.all()
  end
end
