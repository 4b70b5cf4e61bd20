"""The only writer of text for people: findings, plans and reports, in every format."""
