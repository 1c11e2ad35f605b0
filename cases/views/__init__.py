"""Pages for those who work cases: permission, form, one operation, answer."""
