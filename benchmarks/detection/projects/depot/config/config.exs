import Config

config :depot, carrier: :rail, label_width: 40
