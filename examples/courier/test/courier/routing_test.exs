defmodule Courier.RoutingTest do
  use ExUnit.Case, async: true

  alias Courier.{Network, Routing}

  setup do
    network = start_supervised!({Network, name: :network_under_test})
    routing = start_supervised!({Routing, name: :routing_under_test, network: network})
    %{network: network, routing: routing}
  end

  test "adds roads up", %{routing: routing} do
    assert {:ok, 95} = Routing.minutes(routing, "hamburg", "hannover")
    assert {:ok, 675} = Routing.minutes(routing, "sylt", "muenchen")
    assert {:ok, 0} = Routing.minutes(routing, "sylt", "sylt")
  end

  test "says when there is no way", %{routing: routing} do
    assert {:error, :unreachable} = Routing.minutes(routing, "hamburg", "atlantis")
  end

  test "road works cost minutes", %{network: network} do
    :ok = Network.delay(network, {"hamburg", "hannover"}, 30)
    assert %{{"hamburg", "hannover"} => 125} = Network.roads(network)
    assert {:error, :unknown_road} = Network.delay(network, {"a", "b"}, 5)
  end
end
