"""A file is there whole or not at all."""

from pathlib import Path

import pytest

from jeweler import files


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    file = tmp_path / "cards" / "ab" / "card.png"
    files.write_whole(file, content=b"first")
    files.write_whole(file, content=b"second")
    assert file.read_bytes() == b"second"
    assert list(file.parent.iterdir()) == [file]


def test_what_cannot_be_written_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "card.png"
    files.write_whole(file, content=b"whole")
    with pytest.raises(TypeError):
        files.write_whole(file, content="no bytes")  # type: ignore[arg-type]
    assert file.read_bytes() == b"whole"
