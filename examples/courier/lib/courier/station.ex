defmodule Courier.Station do
  @moduledoc """
  Which machine this is; shops want to know where an event came from.
  """
  use GenServer

  def start_link(opts) do
    GenServer.start_link(__MODULE__, opts, name: Keyword.get(opts, :name, __MODULE__))
  end

  @doc "The name of this machine."
  def name(server \\ __MODULE__), do: GenServer.call(server, :name)

  @impl true
  def init(opts) do
    program = Keyword.get(opts, :program, "uname")
    {output, 0} = System.cmd(program, ["-n"])
    {:ok, %{program: program, name: String.trim(output)}}
  end

  @impl true
  def handle_call(:name, _from, state), do: {:reply, state.name, state}
end
