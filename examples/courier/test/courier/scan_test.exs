defmodule Courier.Tracking.ScanTest do
  use ExUnit.Case, async: true

  alias Courier.Tracking.Scan

  doctest Courier.Tracking.Scan

  test "a scan survives being written and read" do
    {:ok, scan} = Scan.parse("CR1;out_for_delivery;sylt\n")
    assert {:ok, ^scan} = scan |> Scan.to_line() |> Scan.parse()
  end

  test "a broken line is no scan" do
    assert {:error, :unreadable_scan} = Scan.parse("CR1;sorted")
    assert {:error, :unreadable_scan} = Scan.parse(";sorted;hamburg")
  end
end
