"""The console's pages of this app: paths and rules are drafted and published, escalations are read."""

from . import backtests, escalations, paths, replays, responses

__all__ = ["backtests", "escalations", "paths", "replays", "responses"]
