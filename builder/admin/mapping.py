"""The form in which a merchandiser says which of a file's columns says what."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import QueryDict

from builder import suppliers
from builder.feeds import generic, layout
from builder.feeds.source import UnreadableFile
from builder.models import Supplier

GROWTHS = [("=natural", "every stone is natural"), ("=lab", "every stone is lab-grown")]
NEEDED = {name for names in layout.NEEDED for name in names}
MOST_SAMPLE = 60_000  # characters of a sample that come back with the form
LABELS = {
    "stock_number": "Stock number", "carat": "Weight in carats", "report_number": "Report number", "report_url": "Link to the report",
    "measurements": "Millimeters, all three", "length_mm": "Length, mm", "width_mm": "Width, mm", "depth_mm": "Depth, mm",
    "price_total": "Price of the stone", "price_per_carat": "Price per carat", "stone_count": "Number of stones",
    "depth_pct": "Depth %", "table_pct": "Table %", "girdle_pct": "Girdle %", "growth": "Natural or lab-grown",
}  # fmt: skip


class SampleForm(forms.Form):
    file = forms.FileField(
        label="A file of this supplier",
        help_text="Only its first rows are read; nothing is imported.",
    )

    def read(self) -> suppliers.Sample | None:
        try:
            return suppliers.sample(self.cleaned_data["file"].file)
        except UnreadableFile as error:
            self.add_error("file", str(error))
            return None


class ColumnsForm(forms.Form):
    """A choice for each of our fields, of the columns that the sample has."""

    def __init__(
        self, *args: Any, sample: suppliers.Sample, supplier: Supplier, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sample, self.supplier = sample, supplier
        titles = [(title, title) for title in dict.fromkeys(sample.header) if title]
        for name in generic.FIELDS:
            kept = _kept(supplier, name)
            choices = [("", "—"), *(GROWTHS if name == "growth" else []), *titles]
            if kept and kept not in dict(choices):
                choices.append((kept, f"{kept} (not in this file)"))
            self.fields[name] = forms.ChoiceField(
                label=LABELS.get(name, name.replace("_", " ").capitalize()),
                choices=choices,
                required=False,
            )

    @classmethod
    def of_sample(cls, sample: suppliers.Sample, *, supplier: Supplier) -> "ColumnsForm":
        kept = {name: _kept(supplier, name) for name in generic.FIELDS}
        known = {
            name: title
            for name, title in kept.items()
            if title in [*sample.header, "=lab", "=natural"]
        }
        return cls(sample=sample, supplier=supplier, initial=suppliers.guess(sample.header) | known)

    @classmethod
    def of_post(cls, post: QueryDict, *, supplier: Supplier) -> "ColumnsForm":
        return cls(post, sample=_sample_of(post.get("header", "")), supplier=supplier)

    def keep(self, *, by: User, now: datetime) -> bool:
        """Whether they were kept; what is missing is told in the form."""
        chosen = {name: title for name, title in self.cleaned_data.items() if title}
        try:
            suppliers.map_columns(supplier=self.supplier, columns=chosen, by=by, now=now)
        except suppliers.Unmapped as refusal:
            self.add_error(None, str(refusal))
            return False
        return True

    @property
    def header(self) -> str:
        return json.dumps([self.sample.header, *self.sample.rows])[:MOST_SAMPLE]

    @property
    def lines(self) -> list[tuple[Any, bool, list[str]]]:
        """Each field, whether a stone needs it, and what the sample says in the chosen column."""
        return [(self[name], name in NEEDED, self._says(name)) for name in generic.FIELDS]

    def _says(self, name: str) -> list[str]:
        title = self[name].value() or ""
        if title not in self.sample.header:
            return []
        place = self.sample.header.index(title)
        said = (row[place].strip()[:40] for row in self.sample.rows if place < len(row))
        return [text for text in said if text]


def _kept(supplier: Supplier, name: str) -> str:
    kept = supplier.columns.get(name, "")
    return kept if isinstance(kept, str) else str(next(iter(kept), ""))


def _sample_of(text: str) -> suppliers.Sample:
    """The sample as it comes back with the form: shown again, never trusted."""
    try:
        lines = json.loads(text)
        rows = [[str(cell) for cell in line] for line in lines]
    except (ValueError, TypeError):
        rows = []
    return suppliers.Sample(header=rows[0] if rows else [], rows=rows[1:4])
