"""What goes wrong on a small server that nobody watches, done on purpose: docs/faults.md has the table."""
