"""An operation of migrations that creates many models in one step."""

from django.db.migrations.operations.base import Operation, OperationCategory


class AllAtOnce(Operation):
    """Create the models of `creations` (CreateModel), keys among each other included.

    After each operation Django renders anew all models that are related to the one it changed, here nearly
    all: one by one a hundred models take half a minute, together a second.
    """

    category = OperationCategory.ADDITION
    serialization_expand_args = ["creations"]

    def __init__(self, creations):
        self.creations = creations

    def deconstruct(self):
        return type(self).__qualname__, [self.creations], {}

    def describe(self):
        return f"Create {len(self.creations)} models"

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # rendered again when it is asked for
        for creation in self.creations:
            creation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for creation in self.creations:
            creation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for creation in reversed(self.creations):
            creation.database_backwards(app_label, schema_editor, from_state, to_state)
