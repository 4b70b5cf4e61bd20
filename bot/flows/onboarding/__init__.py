"""From nothing to a repository the bot can work in: what is written there, what is looked at."""
