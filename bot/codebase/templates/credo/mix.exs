# Written by OTP-Genesis beside a project that has no Credo; nothing of that project is in here.
defmodule GenesisCredo.MixProject do
  use Mix.Project

  def project do
    [app: :genesis_credo, version: "0.1.0", deps: [{:credo, "~> 1.7.11"}]]
  end
end
