"""The label sets that corpus, network and reader agree on."""

KINDS = ("founds", "joins", "leaves")
STATUSES = ("rumoured", "expected", "announced", "confirmed", "denied")

# What the finder tags: names of leavers, words for leavers without a name, names of others.
FINDER = ("O", "B-leaver", "I-leaver", "B-nameless", "I-nameless", "B-other", "I-other")

# What the reader decides of one marked person, and tags as that person's own.
KIND_CLASSES = ("none", *KINDS)
ROLES = ("employer", "role", "venture", "focus", "when", "first_reported_by", "trigger")
ARGUMENTS = ("O", *(f"{prefix}-{role}" for role in ROLES for prefix in "BI"))
