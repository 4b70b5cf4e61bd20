import Config

config :courier,
  ledger_path: "tmp/ledger.log",
  printer: "lp"

if config_env() == :test do
  config :courier, ledger_path: nil, printer: "cat"
  config :logger, level: :warning
end
