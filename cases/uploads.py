"""What arrives in an upload is measured while it arrives, so that nobody fills the disk with it."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class LimitedUploadHandler(FileUploadHandler):
    """Drops a file as it grows past the limit, its own or that of all together.

    `request.files_too_large` and `request.files_beyond_all` name those, for the page to say so.
    """

    received = 0

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.size = 0

    def receive_data_chunk(self, raw_data, start):
        self.size += len(raw_data)
        self.received += len(raw_data)
        if self.size > settings.ATTACHMENT_MAX_BYTES:
            self._drop("files_too_large")
        if self.received > settings.ATTACHMENTS_MAX_BYTES:
            self._drop("files_beyond_all")
        return raw_data

    def _drop(self, why):
        setattr(self.request, why, [*getattr(self.request, why, ()), self.file_name])
        raise SkipFile

    def file_complete(self, file_size):
        """The handlers behind this one keep the file."""
