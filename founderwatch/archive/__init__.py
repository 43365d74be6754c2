"""The pages that were fetched, kept as WARC files: written, read again, and deleted when they are too old or too many."""
