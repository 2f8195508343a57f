"""An upload beyond its bound is refused by its announced length, before a byte of it is read."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

# What surrounds the files, and all that an unknown browser may send: a picture of its ring with its form.
FORM_BYTES = 2 * 1024 * 1024


class Bounded(FileUploadHandler):
    """First of the handlers: it keeps nothing, and stops what is too large (400)."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  the framework's name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        user = getattr(self.request, "user", None)
        is_known = user is not None and user.is_authenticated
        if content_length > FORM_BYTES + (settings.FEED_LARGEST_BYTES if is_known else 0):
            raise RequestDataTooBig(f"An upload of {content_length} bytes is more than is taken.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data  # to the next handler

    def file_complete(self, file_size: int) -> None:
        return None
