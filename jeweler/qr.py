"""QR codes: inline SVG for pages, in their own ink on their own paper, and PNG for mails, which show no SVG."""

import io

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

INK, PAPER = "#1e1b17", "#f9f6f0"


def svg(
    *, text: str, label: str, scale: int = 3, error: str = "m", fits: bool = False
) -> SafeString:
    """A QR code that holds the text. `label` is what a screen reader says, `scale` pixels per dot, `error` how much may be lost: m or q.

    One that `fits` has no size of its own: it is as large as the sheet of styles has it.
    """
    drawn = io.BytesIO()
    _made(text, error).save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        scale=scale,
        border=2,
        dark=INK,
        omitsize=fits,
    )
    picture = mark_safe(drawn.getvalue().decode())  # noqa: S308  drawn here, holds no text
    return format_html('<span class="qr" role="img" aria-label="{}">{}</span>', label, picture)


def png(*, text: str, scale: int = 8, error: str = "m") -> bytes:
    """The same with its own paper and quiet zone, so that it is read on a dark ground too."""
    drawn = io.BytesIO()
    _made(text, error).save(drawn, kind="png", scale=scale, border=4, dark=INK, light=PAPER)
    return drawn.getvalue()


def file(*, text: str, error: str = "q") -> bytes:
    """An SVG file of its own, for whoever prints it: with its paper and quiet zone."""
    drawn = io.BytesIO()
    _made(text, error).save(drawn, kind="svg", scale=10, border=4, dark=INK, light=PAPER)
    return drawn.getvalue()


def _made(text: str, error: str) -> segno.QRCode:
    return segno.make(text, error=error, micro=False)
