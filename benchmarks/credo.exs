# All checks that are on by default, over all files that the analysis reads: a project's own
# configuration may leave half of them out.
%{
  configs: [
    %{
      name: "default",
      files: %{
        included: ["**/*.ex", "**/*.exs"],
        excluded: [~r"/_build/", ~r"/deps/", ~r"/node_modules/"]
      }
    }
  ]
}
