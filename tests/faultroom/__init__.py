"""A newsroom in which everything goes wrong: many sources on loopback, each with one fault of the real web."""
