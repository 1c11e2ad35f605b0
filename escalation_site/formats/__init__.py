"""How dates read where a library asks Django: the house manner, 24 hours, day before month."""
