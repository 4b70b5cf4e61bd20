"""What make and the workflows call."""
