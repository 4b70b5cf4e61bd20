"""What a person sees: pages of HTML at the addresses where GitHub has them.

Nothing is decided here: every change goes through `domain/` with the rights of the person that
the visitor acts as, so that a page can do neither more nor less than the API.
"""
