defmodule Kiosk.MixProject do
  use Mix.Project

  def project do
    [app: :kiosk, version: "0.1.0", elixir: "~> 1.14", deps: []]
  end

  def application do
    [mod: {Kiosk.Application, []}, extra_applications: [:logger]]
  end
end
