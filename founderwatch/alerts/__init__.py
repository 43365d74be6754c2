"""Tells people of departures, and of founderwatch's own troubles: rules, outbox, messages, channels."""
