defmodule Courier.ManifestTest do
  use ExUnit.Case, async: true

  alias Courier.Manifest

  test "loads its stops by itself" do
    loader = fn -> ["hamburg", "sylt"] end
    manifest = start_supervised!({Manifest, loader: loader, name: :manifest_under_test})
    assert ["hamburg", "sylt"] = Manifest.stops(manifest)
  end
end
