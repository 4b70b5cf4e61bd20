defmodule Depot.Label do
  @moduledoc "Labels on parcels."

  def width, do: Application.get_env(:depot, :label_width, 40)

  def debug?, do: Mix.env() == :dev # found: mix-env-at-run-time

  def spawn(width), do: String.duplicate("-", width)

  def line, do: spawn(width())

  def process_dictionary_of(pid), do: Process.info(pid, :dictionary)
end
