"""The life of a plan on GitHub: its state, the facts it is held to, and what is to be done next."""
