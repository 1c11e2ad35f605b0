"""How lists are paged: by cursor, so that the last page costs what the first does; nothing is counted."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination


class Pages(CursorPagination):
    """The newest first. A list's ids are unique, so that a page is found by one step into the index."""

    ordering = "-pk"
    page_size_query_param = "page_size"
    max_page_size = 200
    invalid_cursor_message = _("This is no cursor of this list; begin again without one.")

    def decode_cursor(self, request):
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not cursor.position.isdecimal():
            raise ValidationError({self.cursor_query_param: [self.invalid_cursor_message]})
        return cursor
