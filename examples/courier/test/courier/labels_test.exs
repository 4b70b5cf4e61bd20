defmodule Courier.LabelsTest do
  use ExUnit.Case, async: true

  alias Courier.Labels

  @parcel %{id: "CR1", zone: "city", recipient: "Ada"}

  test "prints a label" do
    labels = start_supervised!({Labels, printer: "cat", name: :labels_under_test})
    assert {:ok, "CR1 city Ada\n"} = Labels.print(labels, @parcel)
  end

  test "reports a printer that fails" do
    labels = start_supervised!({Labels, printer: "false", name: :labels_out_of_paper})
    assert {:error, ""} = Labels.print(labels, @parcel)
  end
end
