"""Model calls written down, and run again without a model."""
