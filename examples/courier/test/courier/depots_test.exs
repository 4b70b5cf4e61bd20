defmodule Courier.DepotsTest do
  use ExUnit.Case, async: true

  alias Courier.Depots

  test "knows its depots" do
    assert "hamburg" in Depots.names()
    assert {:ok, {54.91, 8.31}} = Depots.position("sylt")
    assert {:error, :unknown_depot} = Depots.position("atlantis")
  end
end
