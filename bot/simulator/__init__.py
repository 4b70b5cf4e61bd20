"""A local GitHub: REST, GraphQL, git over HTTP, webhooks, Actions and pages over real repositories.

It stands for the outside world: the bot talks to it over the network only, so nothing here
imports the bot and nothing of the bot imports this.
"""
