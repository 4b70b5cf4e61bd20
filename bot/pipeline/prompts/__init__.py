"""From the parts of a prompt to what a model is asked."""
