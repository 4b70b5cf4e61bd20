defmodule Courier.EtaTest do
  use ExUnit.Case, async: true

  alias Courier.Eta

  test "an estimate arrives some time later" do
    eta = start_supervised!({Eta, estimator: fn _parcel -> 42 end, name: :eta_under_test})
    assert {:error, :no_estimate} = Eta.fetch(eta, "CR1")

    :ok = Eta.refresh(eta, %{id: "CR1"})
    Process.sleep(100)
    assert {:ok, 42} = Eta.fetch(eta, "CR1")
  end

  test "a later estimate replaces an earlier one" do
    eta = start_supervised!({Eta, name: :eta_replacing})
    :ok = Eta.put(eta, "CR1", 90)
    :ok = Eta.put(eta, "CR1", 60)
    assert {:ok, 60} = Eta.fetch(eta, "CR1")
  end
end
