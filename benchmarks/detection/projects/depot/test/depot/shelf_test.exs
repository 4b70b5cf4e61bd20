defmodule Depot.ShelfTest do
  use ExUnit.Case, async: true

  test "keeps a parcel" do
    start_supervised!(Depot.Shelf)
    Depot.Shelf.put(:a1, :box)
    Process.sleep(100) # found: sleep-in-tests
    assert Depot.Shelf.at(:a1) == :box
  end

  test "wide labels" do
    Application.put_env(:depot, :label_width, 80) # found: async-global-state
    assert Depot.Label.width() == 80
  end

  test "a parked process" do
    pid = spawn_link(fn -> Process.sleep(:infinity) end)
    assert Process.alive?(pid)
  end
end
