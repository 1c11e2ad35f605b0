"""What reports add to the API: the history of a case, and what the dashboard shows."""

from . import history

ROUTES = [*history.ROUTES]
