"""Stand-ins for the actions everybody uses, which on GitHub are programs for Node."""
