defmodule Kiosk.TillTest do
  use ExUnit.Case

  test "adds up" do
    before = Kiosk.Till.sell(0)
    assert Kiosk.Till.sell(250) == before + 250
  end

  test "mails a receipt" do
    me = self()
    assert Kiosk.Receipts.mail(:receipt, &send(me, &1)) == :ok
    assert_receive :receipt
  end

  test "rings" do
    me = self()
    assert Kiosk.Alarm.ring(fn -> send(me, :rang) end) == :ok
    assert_receive :rang
  end
end
