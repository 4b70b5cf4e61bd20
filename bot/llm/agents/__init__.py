"""A model that works with tools: the loop, its limits, the tools and what they answer."""
