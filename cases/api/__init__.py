"""The API of customers, cases and what is on them: permission, serializer, one operation, answer."""
