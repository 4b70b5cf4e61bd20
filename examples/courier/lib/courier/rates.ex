defmodule Courier.Rates do
  @moduledoc """
  What a parcel costs, by zone and weight.
  """
  use GenServer

  alias Courier.Csv

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "The price in cents."
  def price(server \\ __MODULE__, zone, weight_kg) do
    GenServer.call(server, {:price, zone, weight_kg})
  end

  @doc "All zones with their base price in cents."
  def table(server \\ __MODULE__), do: GenServer.call(server, :table)

  @impl true
  def init(opts) do
    path = Keyword.get(opts, :path, default_path())
    rates = path |> File.read!() |> Csv.rates()
    {:ok, %{path: path, rates: rates}}
  end

  @impl true
  def handle_call({:price, zone, weight_kg}, _from, state) do
    case Map.fetch(state.rates, zone) do
      {:ok, rate} -> {:reply, {:ok, rate.base + ceil(rate.per_kg * weight_kg)}, state}
      :error -> {:reply, {:error, :unknown_zone}, state}
    end
  end

  def handle_call(:table, _from, state) do
    {:reply, Map.new(state.rates, fn {zone, rate} -> {zone, rate.base} end), state}
  end

  defp default_path, do: Application.app_dir(:courier, "priv/rates.csv")
end
