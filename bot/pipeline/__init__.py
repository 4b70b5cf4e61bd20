"""The YAML pipeline engine: language, loader, expressions, engine and step handlers."""
