"""Changes that touch more than one row: one verb a function, given `by` and `now`."""
