"""Puts the crawl into the machine's own schedule: a crontab or a systemd user timer."""
