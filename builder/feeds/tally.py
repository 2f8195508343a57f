"""What became of a feed's rows: counts, examples and the refused rows themselves, bounded however bad the file is."""

import csv
import io
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from builder.feeds.rows import JOINT, Refused, Row

MOST_WORDS = 200  # of each field, in a report
MOST_EXAMPLES = 5
MOST_REFUSED_ROWS = 5000  # in the file that can be downloaded
IN_MEMORY_BYTES = 1024 * 1024
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_TOLD = (
    "stock_number", "report_number", "lab", "shape", "carat", "color", "fancy_color", "clarity", "cut", "polish", "symmetry",
    "fluorescence", "measurements", "price_total", "price_per_carat", "availability", "treatment", "growth",
)  # fmt: skip


class RefusedRows:
    """The refused rows as CSV, with the reason before what the row said; no cell is one that a spreadsheet would run."""

    def __init__(self) -> None:
        self.kept = 0
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  see close
        self._write(["place", "reason", "detail", *_TOLD])

    def add(self, refusal: Refused, *, place: str, row: Row) -> None:
        if self.kept >= MOST_REFUSED_ROWS:
            return
        self.kept += 1
        told = (row.get(name, "").replace(JOINT, " | ")[:200] for name in _TOLD)
        self._write([place, refusal.reason, refusal.detail, *told])

    def file(self) -> BinaryIO:
        """From its beginning."""
        self._file.seek(0)
        return self._file  # type: ignore[return-value]  # a spooled file is one in all but name

    def close(self) -> None:
        self._file.close()

    def _write(self, cells: list[str]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow([harmless(cell) for cell in cells])
        self._file.write(line.getvalue().encode())


@dataclass(kw_only=True)
class Tally:
    """Counts as the rows go by. `place` is what the format counts: lines or stones."""

    place: str = "line"
    rows: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown_words: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    refused_rows: RefusedRows = field(default_factory=RefusedRows)
    without_setting: Counter[str] | None = None  # by shape; None where the house has no settings

    def refuse(self, refusal: Refused, *, at: int, row: Row) -> None:
        self.refused[refusal.reason] += 1
        self.refused_rows.add(refusal, place=f"{self.place} {at}", row=row)
        if refusal.reason == "unknown_word":
            name, _, word = refusal.detail.partition(" ")
            self.note_unknown(name, word)
        elif len(self.examples[refusal.reason]) < MOST_EXAMPLES:
            self.examples[refusal.reason].append(
                f"{self.place} {at}: {refusal.detail}".rstrip(": ")
            )

    def note_unknown(self, name: str, word: str) -> None:
        words = self.unknown_words[name]
        words[word if word in words or len(words) < MOST_WORDS else "(others)"] += 1

    def close(self) -> None:
        self.refused_rows.close()

    def report(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            **self._fit(),
            "refused": dict(self.refused.most_common()),
            "examples": {name: lines for name, lines in self.examples.items() if lines},
            "unknown_words": {
                name: dict(words.most_common()) for name, words in self.unknown_words.items()
            },
        }

    def _fit(self) -> dict[str, Any]:
        if self.without_setting is None:
            return {}
        return {"without_setting": dict(self.without_setting.most_common())}


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula, with an apostrophe before it."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_STARTS) else cell
