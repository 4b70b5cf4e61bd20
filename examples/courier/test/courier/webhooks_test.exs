defmodule Courier.WebhooksTest do
  use ExUnit.Case, async: true

  alias Courier.Webhooks

  doctest Courier.Webhooks.Outbox

  test "events are posted aside" do
    test = self()
    assert :ok = Webhooks.publish(%{parcel: "CR1"}, fn event -> send(test, {:posted, event}) end)
    assert_receive {:posted, %{parcel: "CR1"}}, 1_000
  end
end
