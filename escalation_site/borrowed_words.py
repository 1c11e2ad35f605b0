"""The console's words that its makers ship without Spanish and Russian, marked for our own catalogues.

Nothing imports this: it is read when the catalogues are refreshed. The strings are those of the templates of
django-unfold and django-simple-history, to the letter.
"""

from django.utils.translation import gettext_noop as _

UNFOLD = (
    _("Add row"),
    _("All applications"),
    _("Apply Filters"),
    _("Choose a date from the list below to revert to a previous version of this object"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("Date"),
    _("Expand row"),
    _("False"),
    _("General"),
    _("Go back"),
    _("Loading more results..."),
    _("No data"),
    _("No recent searches"),
    _("No results found"),
    _("No results matching your query"),
    _("Previous"),
    _("Recent searches"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("System"),
    _("This item will be deleted."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
    _("You can not create nested object without parent"),
    _("You have been successfully logged out from the administration"),
)

SIMPLE_HISTORY = (
    _("Change History"),
    _("Change reason"),
    _("Changed"),
    _("Changed by"),
    _("Changes"),
    _("Comment"),
    _("Deleted"),
    _("Deleted %(type_name)s"),
    _("Object"),
    _("Revert"),
    _("This object doesn't have a change history."),
    _("View %(verbose_name)s"),
    _("View history: %s"),
)
