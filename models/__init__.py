"""Text in, answer out: the reader, its weights, and what makes them."""

import os

# From release 1.29 on, onnxruntime's official builds tell their maker of each process and model, and keep a number
# of the machine below ~/.cache/Microsoft. It reads this once, while it is imported: nothing is then kept or sent.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
