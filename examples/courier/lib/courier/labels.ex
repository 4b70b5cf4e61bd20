defmodule Courier.Labels do
  @moduledoc """
  Prints labels one after the other, since there is one printer.
  """
  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "Prints a label and returns what the printer says."
  def print(server \\ __MODULE__, parcel) do
    GenServer.call(server, {:print, parcel}, :infinity)
  end

  @impl true
  def init(opts), do: {:ok, %{printer: Keyword.fetch!(opts, :printer), printed: 0}}

  @impl true
  def handle_call({:print, parcel}, _from, state) do
    file = Path.join(System.tmp_dir!(), "label-#{parcel.id}.txt")
    File.write!(file, label(parcel))
    {output, status} = System.cmd(state.printer, [file], stderr_to_stdout: true)
    File.rm(file)

    case status do
      0 -> {:reply, {:ok, output}, %{state | printed: state.printed + 1}}
      _status -> {:reply, {:error, output}, state}
    end
  end

  defp label(parcel), do: "#{parcel.id} #{parcel.zone} #{parcel.recipient}\n"
end
