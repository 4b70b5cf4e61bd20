defmodule Courier.AuditTest do
  use ExUnit.Case, async: true

  alias Courier.Audit

  test "keeps the latest hundred entries" do
    audit = start_supervised!({Audit, name: :audit_under_test})
    Enum.each(1..120, &Audit.record(audit, &1))
    assert [120, 119, 118] = Audit.latest(audit, 3)
    assert length(Audit.latest(audit, 500)) == 100
  end
end
