"""What users of GitHub do, part by part; each scenario leaves the stage usable for the others."""
