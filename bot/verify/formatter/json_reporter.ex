defmodule OtpGenesis.JsonReporter do
  @moduledoc false
  # One JSON object per line. Opened for appending: an umbrella runs one suite per application.
  use GenServer

  @impl true
  def init(opts) do
    path = System.fetch_env!("GENESIS_RESULTS")
    {:ok, file} = :file.open(String.to_charlist(path), [:append, :raw, :binary])
    emit(file, event: "suite_started", seed: opts[:seed] || 0)
    {:ok, file}
  end

  @impl true
  def handle_cast({:test_finished, %ExUnit.Test{} = test}, file) do
    {state, failures} = outcome(test.state)

    emit(file,
      event: "test",
      module: inspect(test.module),
      name: Atom.to_string(test.name),
      file: to_string(test.tags[:file] || ""),
      line: test.tags[:line] || 0,
      us: test.time,
      state: state,
      kinds: Enum.map(failures, &kind/1),
      failure: failure_text(test, failures)
    )

    {:noreply, file}
  end

  def handle_cast({:module_finished, %ExUnit.TestModule{state: {:failed, failures}} = mod}, file) do
    emit(file,
      event: "module_failed",
      module: inspect(mod.name),
      kinds: Enum.map(failures, &kind/1),
      failure: Enum.map_join(failures, "\n", &plain/1)
    )

    {:noreply, file}
  end

  def handle_cast({:suite_finished, _times}, file) do
    emit(file, event: "suite_finished")
    {:noreply, file}
  end

  def handle_cast(_other, file), do: {:noreply, file}

  defp outcome(nil), do: {"passed", []}
  defp outcome({:failed, failures}), do: {"failed", failures}
  defp outcome({:invalid, _module}), do: {"invalid", []}
  defp outcome({:skipped, _why}), do: {"skipped", []}
  defp outcome({:excluded, _why}), do: {"excluded", []}

  defp kind({:error, %{__struct__: module}, _stack}), do: inspect(module)
  defp kind({{:EXIT, _pid}, _reason, _stack}), do: "exit"
  defp kind({kind, _reason, _stack}), do: Atom.to_string(kind)

  defp failure_text(_test, []), do: ""

  defp failure_text(test, failures) do
    test
    |> ExUnit.Formatter.format_test_failure(failures, 0, 80, fn _key, text -> text end)
    |> IO.iodata_to_binary()
  rescue
    _ -> Enum.map_join(failures, "\n", &plain/1)
  end

  defp plain({kind, reason, stack}), do: Exception.format(kind, reason, stack)

  defp emit(file, fields), do: :ok = :file.write(file, [object(fields), ?\n])

  defp object(fields) do
    pairs = Enum.map(fields, fn {key, value} -> [string(Atom.to_string(key)), ?:, value(value)] end)
    [?{, Enum.intersperse(pairs, ?,), ?}]
  end

  defp value(number) when is_integer(number), do: Integer.to_string(number)
  defp value(text) when is_binary(text), do: string(text)
  defp value(list) when is_list(list), do: [?[, list |> Enum.map(&value/1) |> Enum.intersperse(?,), ?]]

  defp string(text), do: [?", escape(text, []), ?"]

  defp escape(<<>>, done), do: Enum.reverse(done)
  defp escape(<<?", rest::binary>>, done), do: escape(rest, ["\\\"" | done])
  defp escape(<<?\\, rest::binary>>, done), do: escape(rest, ["\\\\" | done])

  defp escape(<<code, rest::binary>>, done) when code < 0x20 do
    escape(rest, ["\\u" <> String.pad_leading(Integer.to_string(code, 16), 4, "0") | done])
  end

  defp escape(<<code::utf8, rest::binary>>, done), do: escape(rest, [<<code::utf8>> | done])
  # A byte that is no UTF-8 would make the whole line unreadable.
  defp escape(<<_byte, rest::binary>>, done), do: escape(rest, [<<0xFFFD::utf8>> | done])
end
