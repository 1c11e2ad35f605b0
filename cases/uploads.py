"""What arrives in an upload is measured while it arrives, so that nobody fills the disk with it."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class LimitedUploadHandler(FileUploadHandler):
    """Drops a file as it grows past the limit; `request.files_too_large` names those, for the page to say."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.size = 0

    def receive_data_chunk(self, raw_data, start):
        self.size += len(raw_data)
        self.received = getattr(self, "received", 0) + len(raw_data)
        if self.size > settings.ATTACHMENT_MAX_BYTES or self.received > settings.ATTACHMENTS_MAX_BYTES:
            self.request.files_too_large = [*getattr(self.request, "files_too_large", ()), self.file_name]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size):
        """The handlers behind this one keep the file."""
