"""What can be done on GitHub: each change with its rules, its timeline entry and its event.

REST, GraphQL, pages, pushes and merges all come through here, so that a change has the same
consequences whoever makes it.
"""
