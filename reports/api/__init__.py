"""What reports add to the API: the history of a case, and what the dashboard shows."""

from . import dashboard, history

ROUTES = [*history.ROUTES, *dashboard.ROUTES]
