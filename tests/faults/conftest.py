"""How many inputs hypothesis tries: few and always the same in `make test`, $FOUNDERWATCH_EXAMPLES in a long run."""

import os

from hypothesis import HealthCheck, settings

_ASKED = os.environ.get("FOUNDERWATCH_EXAMPLES")
_COMMON = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("short", max_examples=40, derandomize=True, **_COMMON)
settings.register_profile("long", max_examples=int(_ASKED or 0) or 1, derandomize=False, print_blob=True, **_COMMON)
PROFILE = "long" if _ASKED else "short"
