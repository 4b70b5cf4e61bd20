defmodule Courier.LedgerTest do
  use ExUnit.Case, async: true

  alias Courier.Ledger
  alias Courier.Tracking.Scan

  @moduletag :tmp_dir

  test "scans are there again after a restart", %{tmp_dir: dir} do
    options = [path: Path.join(dir, "ledger.log"), name: :ledger_under_test]
    {:ok, scan} = Scan.parse("CR1;sorted;hamburg")

    ledger = start_supervised!({Ledger, options})
    :ok = Ledger.append(ledger, scan)
    :ok = stop_supervised(Ledger)

    ledger = start_supervised!({Ledger, options})
    assert [^scan] = Ledger.history(ledger, "CR1")
  end

  test "a ledger without a path starts empty", %{test: name} do
    ledger = start_supervised!({Ledger, path: nil, name: name})
    assert [] = Ledger.history(ledger, "CR1")
  end
end
