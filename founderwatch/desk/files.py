"""Where the desk's own style sheet and scripts are served."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
# Others' libraries, as they were published (NOTICE), and our own use of them.
CHARTS = ("vendor/d3.min.js", "vendor/plot.umd.min.js", "vendor/d3-sankey.min.js", "charts.js")


def address(datasette, name: str) -> str:
    """The address of a file in static/; it changes with the file, so that no browser keeps an old one."""
    # Datasette's `plugins` imports the desk while it is half done itself.
    from datasette.plugins import get_plugins  # noqa: PLC0415

    plugin = next(p["name"] for p in get_plugins() if p["static_path"] == str(_FOLDER))
    return datasette.urls.path(f"/-/static-plugins/{plugin}/{name}?{int((_FOLDER / name).stat().st_mtime)}")
