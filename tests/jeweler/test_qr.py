"""A QR is drawn for pages and for mails, and what a scanner needs around it is there."""

import io

from PIL import Image

from jeweler import qr

TEXT = "https://osmere.example/admin/counter/?q=OS-7K4Q-2M9&key=qr"


def test_a_page_s_code_is_named_for_those_who_cannot_see_it() -> None:
    drawn = qr.svg(text=TEXT, label="QR code of <b>")

    assert drawn.startswith('<span class="qr" role="img" aria-label="QR code of &lt;b&gt;"><svg')
    assert TEXT not in drawn


def test_a_mail_s_code_has_its_own_paper_and_quiet_zone() -> None:
    drawn = Image.open(io.BytesIO(qr.png(text=TEXT, scale=4))).convert("RGB")

    paper, ink = (249, 246, 240), (30, 27, 23)
    assert {color for _, color in drawn.getcolors() or []} == {paper, ink}
    margin = 4 * 4
    assert drawn.getpixel((margin, margin)) == ink
    assert {drawn.getpixel((at, margin - 1)) for at in range(drawn.width)} == {paper}


def test_another_text_is_another_code() -> None:
    assert qr.png(text=TEXT) != qr.png(text=TEXT.replace("OS-7K4Q-2M9", "OS-2345-67A"))
