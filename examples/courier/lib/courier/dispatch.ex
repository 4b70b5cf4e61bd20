defmodule Courier.Dispatch do
  @moduledoc """
  The dispatcher's desk: drivers, shifts, assignments, incidents, fuel and the day's report.
  """
  use GenServer

  require Logger

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  def hire(server \\ __MODULE__, driver), do: GenServer.call(server, {:hire, driver})
  def dismiss(server \\ __MODULE__, driver), do: GenServer.call(server, {:dismiss, driver})
  def drivers(server \\ __MODULE__), do: GenServer.call(server, :drivers)
  def clock_in(server \\ __MODULE__, driver, at), do: GenServer.call(server, {:in, driver, at})
  def clock_out(server \\ __MODULE__, driver, at), do: GenServer.call(server, {:out, driver, at})
  def hours(server \\ __MODULE__, driver), do: GenServer.call(server, {:hours, driver})

  def assign(server \\ __MODULE__, driver, parcel_id) do
    GenServer.call(server, {:assign, driver, parcel_id})
  end

  def unassign(server \\ __MODULE__, parcel_id),
    do: GenServer.call(server, {:unassign, parcel_id})

  def round_of(server \\ __MODULE__, driver), do: GenServer.call(server, {:round_of, driver})

  def give_van(server \\ __MODULE__, driver, plate),
    do: GenServer.call(server, {:van, driver, plate})

  def van_of(server \\ __MODULE__, driver), do: GenServer.call(server, {:van_of, driver})

  def refuel(server \\ __MODULE__, plate, litres),
    do: GenServer.cast(server, {:fuel, plate, litres})

  def fuel(server \\ __MODULE__, plate), do: GenServer.call(server, {:fuel_of, plate})
  def incident(server \\ __MODULE__, text), do: GenServer.cast(server, {:incident, text})
  def incidents(server \\ __MODULE__), do: GenServer.call(server, :incidents)
  def announce(server \\ __MODULE__, text), do: GenServer.cast(server, {:announce, text})
  def announcements(server \\ __MODULE__), do: GenServer.call(server, :announcements)
  def set_holiday(server \\ __MODULE__, date), do: GenServer.call(server, {:holiday, date})
  def holiday?(server \\ __MODULE__, date), do: GenServer.call(server, {:holiday?, date})
  def report(server \\ __MODULE__), do: GenServer.call(server, :report)
  def close_day(server \\ __MODULE__), do: GenServer.call(server, :close_day)

  @impl true
  def init(_opts) do
    {:ok,
     %{
       drivers: MapSet.new(),
       shifts: %{},
       hours: %{},
       assignments: %{},
       vans: %{},
       fuel: %{},
       incidents: [],
       announcements: [],
       holidays: MapSet.new(),
       days_closed: 0
     }}
  end

  @impl true
  def handle_call({:hire, driver}, _from, state) do
    {:reply, :ok, %{state | drivers: MapSet.put(state.drivers, driver)}}
  end

  def handle_call({:dismiss, driver}, _from, state) do
    if parcels_of(state, driver) == [] do
      drivers = MapSet.delete(state.drivers, driver)
      {:reply, :ok, %{state | drivers: drivers, vans: Map.delete(state.vans, driver)}}
    else
      {:reply, {:error, :still_on_round}, state}
    end
  end

  def handle_call(:drivers, _from, state) do
    {:reply, Enum.sort(state.drivers), state}
  end

  def handle_call({:in, driver, at}, _from, state) do
    cond do
      not MapSet.member?(state.drivers, driver) -> {:reply, {:error, :unknown_driver}, state}
      is_map_key(state.shifts, driver) -> {:reply, {:error, :already_in}, state}
      true -> {:reply, :ok, put_in(state.shifts[driver], at)}
    end
  end

  def handle_call({:out, driver, at}, _from, state) do
    case Map.pop(state.shifts, driver) do
      {nil, _shifts} ->
        {:reply, {:error, :not_in}, state}

      {since, shifts} ->
        hours = Map.update(state.hours, driver, at - since, &(&1 + at - since))
        {:reply, :ok, %{state | shifts: shifts, hours: hours}}
    end
  end

  def handle_call({:hours, driver}, _from, state) do
    {:reply, Map.get(state.hours, driver, 0), state}
  end

  def handle_call({:assign, driver, parcel_id}, _from, state) do
    cond do
      not MapSet.member?(state.drivers, driver) ->
        {:reply, {:error, :unknown_driver}, state}

      is_map_key(state.assignments, parcel_id) ->
        {:reply, {:error, :already_assigned}, state}

      true ->
        {:reply, :ok, put_in(state.assignments[parcel_id], driver)}
    end
  end

  def handle_call({:unassign, parcel_id}, _from, state) do
    {:reply, :ok, %{state | assignments: Map.delete(state.assignments, parcel_id)}}
  end

  def handle_call({:round_of, driver}, _from, state) do
    {:reply, parcels_of(state, driver), state}
  end

  def handle_call({:van, driver, plate}, _from, state) do
    if plate in Map.values(state.vans) do
      {:reply, {:error, :van_taken}, state}
    else
      {:reply, :ok, put_in(state.vans[driver], plate)}
    end
  end

  def handle_call({:van_of, driver}, _from, state) do
    {:reply, Map.fetch(state.vans, driver), state}
  end

  def handle_call({:fuel_of, plate}, _from, state) do
    {:reply, Map.get(state.fuel, plate, 0), state}
  end

  def handle_call(:incidents, _from, state) do
    {:reply, Enum.reverse(state.incidents), state}
  end

  def handle_call(:announcements, _from, state) do
    {:reply, Enum.reverse(state.announcements), state}
  end

  def handle_call({:holiday, date}, _from, state) do
    {:reply, :ok, %{state | holidays: MapSet.put(state.holidays, date)}}
  end

  def handle_call({:holiday?, date}, _from, state) do
    {:reply, MapSet.member?(state.holidays, date), state}
  end

  def handle_call(:report, _from, state) do
    {:reply, summary(state), state}
  end

  def handle_call(:close_day, _from, state) do
    if state.shifts == %{} do
      closed = %{state | hours: %{}, fuel: %{}, incidents: [], announcements: []}
      {:reply, {:ok, summary(state)}, %{closed | days_closed: state.days_closed + 1}}
    else
      {:reply, {:error, :drivers_still_out}, state}
    end
  end

  @impl true
  def handle_cast({:fuel, plate, litres}, state) do
    {:noreply, %{state | fuel: Map.update(state.fuel, plate, litres, &(&1 + litres))}}
  end

  def handle_cast({:incident, text}, state) do
    Logger.warning("incident: #{text}")
    {:noreply, %{state | incidents: [text | state.incidents]}}
  end

  def handle_cast({:announce, text}, state) do
    {:noreply, %{state | announcements: [text | state.announcements]}}
  end

  defp parcels_of(state, driver) do
    for {parcel_id, ^driver} <- state.assignments, do: parcel_id
  end

  defp summary(state) do
    %{
      drivers: MapSet.size(state.drivers),
      on_shift: map_size(state.shifts),
      hours: state.hours |> Map.values() |> Enum.sum(),
      parcels: map_size(state.assignments),
      litres: state.fuel |> Map.values() |> Enum.sum(),
      incidents: length(state.incidents)
    }
  end
end
