"""What is there to be found, and who says so."""
