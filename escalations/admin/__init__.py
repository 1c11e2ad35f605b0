"""The console's pages of this app: paths and rules are drafted and published, escalations are read."""

from . import escalations, paths, replays, responses

__all__ = ["escalations", "paths", "replays", "responses"]
