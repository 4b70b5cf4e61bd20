"""The vendors' APIs behind one protocol: wire forms, streams, retries, typed errors."""
