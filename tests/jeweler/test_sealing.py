import pytest
from pytest_django.fixtures import Settings

from jeweler import sealing


def test_a_secret_comes_back_for_its_own_purpose_alone() -> None:
    sealed = sealing.seal("whsec_1", purpose="tills")
    assert "whsec" not in sealed
    assert sealing.unseal(sealed, purpose="tills") == "whsec_1"
    assert sealing.unseal(sealed, purpose="endpoints") == ""


def test_after_a_new_key_the_old_one_still_opens_while_it_stands_behind(settings: Settings) -> None:
    sealed = sealing.seal("whsec_1", purpose="tills")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "n" * 50
    assert sealing.unseal(sealed, purpose="tills") == "whsec_1"
    settings.SECRET_KEY_FALLBACKS = []
    assert sealing.unseal(sealed, purpose="tills") == ""


@pytest.mark.parametrize("broken", ["", "nothing", "gAAAAA=="])
def test_what_was_never_sealed_is_empty(broken: str) -> None:
    assert sealing.unseal(broken, purpose="tills") == ""
