"""What the simulator remembers, as plain records: one module per part of GitHub."""
