"""What goes wrong on purpose: chosen by a plan, drawn from its seed, written down."""
