"""Numbers that must be more than nothing, or at least not less: refused beside their field, in words."""

from collections.abc import Iterable
from typing import Any

from django import forms


def refuse(
    form: "forms.ModelForm[Any]", *, positive: Iterable[str] = (), not_negative: Iterable[str] = ()
) -> None:
    """Adds an error to each of these fields that is too small; one that could not be read is judged already."""
    read = form.cleaned_data
    for name in positive:
        if (number := read.get(name)) is not None and number <= 0:
            form.add_error(name, "It must be more than 0.")
    for name in not_negative:
        if (number := read.get(name)) is not None and number < 0:
            form.add_error(name, "It must not be less than 0.")
