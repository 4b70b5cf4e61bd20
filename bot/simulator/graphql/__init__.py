"""GraphQL, as far as a bot needs it: what REST cannot do, and reading the same objects."""
