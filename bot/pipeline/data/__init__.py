"""What the steps compute that need no model: transformations, conversions, queries."""
