defmodule Courier.NotificationsTest do
  use ExUnit.Case, async: true

  alias Courier.Notifications

  test "the recipient is told" do
    test = self()
    parcel = %{recipient: "Ada", status: :delivered}

    assert :ok = Notifications.notify(parcel, fn message -> send(test, {:told, message}) end)
    assert_receive {:told, "Ada, your parcel has arrived."}, 1_000
  end

  test "each state has its words" do
    assert "Ada, your parcel comes today." =
             Notifications.text(%{recipient: "Ada", status: :out_for_delivery})

    assert "Ada, your parcel is sorted." =
             Notifications.text(%{recipient: "Ada", status: :sorted})
  end
end
