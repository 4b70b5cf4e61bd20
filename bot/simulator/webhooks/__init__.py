"""Webhooks: who hears of an event, the outbox, the sending, the log of deliveries."""
