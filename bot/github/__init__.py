"""GitHub's side of the bot, and the plan store both a laptop and GitHub use."""
