defmodule Courier.Csv do
  @moduledoc """
  Just enough CSV for tariffs and parcel lists.
  """

  @doc "Rows after the heading, each a list of trimmed fields."
  def rows(text) do
    text
    |> String.split(["\r\n", "\n"], trim: true)
    |> Enum.drop(1)
    |> Enum.map(fn line -> line |> String.split(",") |> Enum.map(&String.trim/1) end)
  end

  @doc "A tariff as `%{zone => %{base: cents, per_kg: cents}}`."
  def rates(text) do
    for [zone, base, per_kg] <- rows(text), into: %{} do
      {zone, %{base: String.to_integer(base), per_kg: String.to_integer(per_kg)}}
    end
  end

  @doc "A whole number of kilograms."
  def weight(field) do
    {:ok, String.to_integer(field)}
  rescue
    ArgumentError -> {:error, {:not_a_weight, field}}
  end
end
