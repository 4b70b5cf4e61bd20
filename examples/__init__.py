"""Examples: a sample application, pipelines to copy, a tour of the local GitHub."""
