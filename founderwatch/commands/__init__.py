"""One module a command; founderwatch.cli loads the one that is called."""
