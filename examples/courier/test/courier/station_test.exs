defmodule Courier.StationTest do
  use ExUnit.Case, async: true

  alias Courier.Station

  test "asks the system for its name" do
    station = start_supervised!({Station, name: :station_under_test})
    {:ok, expected} = :inet.gethostname()
    assert station |> Station.name() |> String.starts_with?(to_string(expected))
  end
end
