"""Everything that is checked before a pipeline runs."""
