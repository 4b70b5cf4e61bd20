"""`genesis serve`: the ingress of webhooks in a process of its own, and the pages beside it."""
