"""A believable desk with its last weeks, lived through the operations by a clock that runs up to now."""
