"""The exit statuses of every command, as scripts and cron lines rely on them."""

DONE = 0
PARTLY = 1  # some sources or lines failed, and the report names them
USAGE = 2  # wrong usage or configuration: nothing was done
FAILED = 3  # nothing could be done
BUSY = 75  # another run holds the lock (EX_TEMPFAIL: cron tries again)
