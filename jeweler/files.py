"""Files that are made once and read by many."""

import os
import tempfile
from pathlib import Path


def write_whole(file: Path, *, content: bytes) -> None:
    """Write it whole or not at all, with the folders above it, so that a reader never sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as unfinished:
        unfinished.write(content)
    os.replace(unfinished.name, file)
