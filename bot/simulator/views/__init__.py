"""The JSON of GitHub's objects, the same in REST answers and in webhook payloads."""
