"""Work that survives a restart: DBOS around the flows, in thin wrappers that could be replaced."""
