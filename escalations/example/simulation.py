"""Time, as the example lives it: stories wait for their next moment, the engine fires what is due between."""

import heapq
from datetime import timedelta
from itertools import count

from cases import engine
from cases.models import Timer

# How long after its moment the engine came round to it.
LAG = timedelta(milliseconds=40)


class Simulation:
    """Stories are generators: each yields the instant (aware) at which it goes on, and acts when resumed."""

    def __init__(self, now):
        self.now = now
        self._order = count()
        self._waiting = []

    def begin(self, story):
        """Ask `story` for its first moment."""
        at = next(story, None)
        if at is not None:
            heapq.heappush(self._waiting, (at, next(self._order), story))

    def run(self, until):
        """All that happens up to `until`, in the order of time. What a story wants later never happens."""
        while self._waiting and self._waiting[0][0] <= until:
            at, _order, story = heapq.heappop(self._waiting)
            at = max(at, self.now)
            self._engine_up_to(at)
            self.now = at
            self.begin(story)
        self._engine_up_to(until + timedelta(microseconds=1))
        self.now = until

    def _engine_up_to(self, before):
        """The engine, up to but not including `before`: what happens at the instant of a term precedes it."""
        while (wake := Timer.objects.next_wake()) is not None and wake < before:
            self.now = max(wake, self.now)
            if self.now + LAG < before:
                self.now += LAG
            engine.run_once(now=self.now)
