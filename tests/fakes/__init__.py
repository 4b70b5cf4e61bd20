"""Stand-ins for the outside world, each written once."""
