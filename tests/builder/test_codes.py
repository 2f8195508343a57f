"""A code survives being said aloud, and a misheard one is noticed."""

import pytest

from builder import codes


def test_a_code_is_read_in_any_case_with_or_without_its_dashes() -> None:
    code = codes.new()
    body = code.removeprefix("OS-").replace("-", "")
    for said in (code, code.lower(), f" os {body[:4]} {body[4:]} ", f"0S-{body}", body):
        assert codes.read(said) == code


def test_codes_have_no_sign_that_is_mistaken_for_another() -> None:
    assert not set("01OIL") & {*codes.ALPHABET}
    assert len(codes.ALPHABET) == 31


def test_every_misheard_sign_and_every_swap_of_neighbors_is_noticed() -> None:
    for _ in range(40):
        code = codes.new()
        body = code.removeprefix("OS-").replace("-", "")
        wrong = {
            body[:place] + sign + body[place + 1 :] for place in range(7) for sign in codes.ALPHABET
        }
        wrong |= {
            body[:place] + body[place + 1] + body[place] + body[place + 2 :] for place in range(6)
        }
        for each in wrong - {body}:
            with pytest.raises(codes.NotACode):
                codes.read(each)


@pytest.mark.parametrize("text", ["", "OS", "OS-7K4Q", "OS-7K4Q-2M9-X", "OS-0K4Q-2M9", "é" * 7])
def test_what_is_no_code_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(codes.NotACode, match="looks like OS-7K4Q-2M9"):
        codes.read(text)


def test_codes_do_not_repeat_soon() -> None:
    assert len({codes.new() for _ in range(5000)}) > 4995


def test_what_is_scanned_holds_the_code_and_nothing_of_the_ring() -> None:
    code = codes.new()

    scanned = codes.scanned_address(code=code, site="https://osmere.example")

    assert scanned == f"https://osmere.example/admin/counter/?q={code}&key=qr"
