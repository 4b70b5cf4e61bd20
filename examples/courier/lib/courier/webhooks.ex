defmodule Courier.Webhooks do
  @moduledoc """
  Reports status changes to shops that have subscribed.
  """

  alias Courier.Webhooks.Outbox

  @doc "Posts an event to the subscribers without holding up the caller."
  def publish(event, post \\ &Outbox.post/1) do
    Task.start(fn -> post.(event) end)
    :ok
  end
end
