"""The one language of templates, conditions and expressions."""
