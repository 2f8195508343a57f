"""What our servers may be made to call. The attacks are scenario 59 of the tills, each at save and at send."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jeweler import outward
from jeweler.outward import Reach, Refused, Unreachable
from tests.listeners import HERE, NAME, Listener, listening, self_signed

PUBLIC = "93.184.215.14"
CLOSED = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "100.64.0.1",
    "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "0.0.0.0", "::", "::1", "fe80::1", "fe80::1%2", "fc00::1", "fec0::1", "ff02::1", "ff0e::1",  # noqa: S104  an attack
    "::ffff:10.0.0.1", "::ffff:93.184.215.14", "::10.0.0.1", "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::5db8:d70e", "64:ff9b:1::a00:1", "2002:a00:1::1", "2001:0:a00:1::1",
    "2001:20::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1",
]  # fmt: skip
ATTACKS = [
    "http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/",
    "https://0x7f.1/", "https://0x7f000001/", "https://2130706433/", "https://0177.0.0.1/", "https://127.1/",
    "https://１２７.０.０.１/", "https://127.0.0.1./", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[fe80::1%25lo]/", "https://127.0.0.1%2f.hooks.example/",
]  # fmt: skip
SHAPES = [
    "", "hooks.example/in", "http://hooks.example/in", "ftp://hooks.example/", "file:///etc/passwd", "https://",
    "https:///in", "https://user:word@hooks.example/", "https://@hooks.example/", "https://hooks.example:22/",
    "https://hooks.example:99999/", "https://hooks.example:x/", "https://hooks.example\\@10.0.0.1/",
    "https://hooks.example/a\r\nX-Evil: 1", "https://hooks\t.example/", "https://[::1/", f"https://{'a' * 64}.example/",
]  # fmt: skip


def leading_to(*addresses: str) -> Reach:
    return Reach(resolves=lambda host, port: list(addresses))


def refusals(address: str, reach: Reach) -> tuple[str, str]:
    """How it is refused when it is saved, and when it is called."""
    with pytest.raises(Refused) as at_save:
        outward.check(address=address, reach=reach)
    with pytest.raises(Refused) as at_send:
        outward.call(method="GET", address=address, headers={}, reach=reach)
    return str(at_save.value), str(at_send.value)


@pytest.mark.parametrize("attack", ATTACKS)
def test_scenario_59_an_address_into_the_house_is_refused_at_save_and_at_send(attack: str) -> None:
    at_save, at_send = refusals(attack, Reach())
    assert at_save == at_send


@pytest.mark.parametrize("shape", SHAPES)
def test_an_address_that_is_no_plain_https_address_is_refused(shape: str) -> None:
    refusals(shape, leading_to(PUBLIC))


@pytest.mark.parametrize("closed", CLOSED)
def test_a_name_that_also_leads_to_a_closed_address_is_refused(closed: str) -> None:
    assert not outward.is_public(closed)
    for reach in (leading_to(closed), leading_to(PUBLIC, closed)):
        at_save, at_send = refusals("https://hooks.example/in", reach)
        assert at_save == at_send
        assert closed in at_save


@pytest.mark.parametrize("good", ["https://hooks.example/in?a=1", "https://hooks.example:8443/"])
def test_a_public_address_may_be_kept(good: str) -> None:
    outward.check(address=good, reach=leading_to(PUBLIC, "2606:2800:21f:cb07::1"))


def test_a_name_that_nobody_knows_is_refused_at_save_and_may_come_back_at_send() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(f"{host} is not known")

    reach = Reach(resolves=unknown)
    with pytest.raises(Refused, match="Check the address for a slip"):
        outward.check(address="https://hooks.example/", reach=reach)
    with pytest.raises(Unreachable, match="not known"):
        outward.call(method="GET", address="https://hooks.example/", headers={}, reach=reach)


# With somebody who listens.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def listener(certificate: Path) -> Iterator[Listener]:
    with listening(certificate) as found:
        yield found


def get(address: str, reach: Reach, **more: float) -> outward.Answer:
    return outward.call(method="GET", address=address, headers={}, reach=reach, **more)  # type: ignore[arg-type]


def test_a_call_goes_to_the_judged_address_under_the_typed_name(listener: Listener) -> None:
    listener.answers = [(201, {"X-Told": "yes"}, b"taken")]

    answer = outward.call(
        method="POST",
        address=listener.url + "?für=sie",
        headers={"webhook-id": "msg_1"},
        body=b"{}",
        reach=listener.reach(),
    )

    assert (answer.status, answer.body, answer.headers["x-told"]) == (201, b"taken", "yes")
    [request] = listener.requests
    assert request.headers["host"] == f"{NAME}:{listener.port}"
    assert (request.method, request.body) == ("POST", b"{}")
    assert request.path == "/in?f%C3%BCr=sie"


def test_scenario_59_a_name_that_changes_its_mind_after_the_save_is_refused_at_send(
    listener: Listener,
) -> None:
    answers = [[PUBLIC], [HERE]]
    reach = listener.reach(allows=outward.is_public, resolves=lambda host, port: answers.pop(0))

    outward.check(address=listener.url, reach=reach)
    with pytest.raises(Refused, match=HERE):
        get(listener.url, reach)

    assert listener.requests == []


def test_scenario_59_a_name_is_looked_up_once_for_a_call(listener: Listener) -> None:
    """Between judging and connecting nobody is asked again, who could answer otherwise."""
    asked: list[str] = []

    def resolves(host: str, port: int) -> list[str]:
        asked.append(host)
        return [HERE] if len(asked) == 1 else ["127.0.0.2"]

    assert get(listener.url, listener.reach(resolves=resolves)).status == 200
    assert asked == [NAME]


def test_scenario_59_a_redirection_is_an_answer_and_nobody_follows_it(listener: Listener) -> None:
    listener.answers = [(302, {"Location": f"https://localhost:{listener.port}/secret"}, b"")]
    assert get(listener.url, listener.reach()).status == 302
    assert [request.path for request in listener.requests] == ["/in"]


def test_a_certificate_of_another_name_is_no_answer(listener: Listener) -> None:
    with pytest.raises(Unreachable, match="certificate"):
        get(listener.url.replace(NAME, "other.example"), listener.reach())
    assert listener.requests == []


def test_of_a_long_answer_only_so_much_is_read(listener: Listener) -> None:
    listener.answers = [(200, {}, b"x" * 5000)]
    answer = get(listener.url, listener.reach())
    assert (len(answer.body), answer.is_cut) == (1024, True)


def test_an_answer_that_ends_too_early_is_none(listener: Listener) -> None:
    listener.answers = [(200, {"Content-Length": "500"}, b"half")]
    with pytest.raises(Unreachable):
        get(listener.url, listener.reach())


def test_who_never_answers_is_hung_up_on(listener: Listener) -> None:
    is_over = threading.Event()
    listener.meanwhile = lambda: is_over.wait(30)
    try:
        with pytest.raises(Unreachable, match="took longer than"):
            get(listener.url, listener.reach(), seconds=0.3)
    finally:
        is_over.set()


def test_the_first_address_that_takes_us_is_called(listener: Listener) -> None:
    reach = listener.reach(resolves=lambda host, port: ["::1", HERE], allows=lambda _: True)
    assert get(listener.url, reach).status == 200


def test_this_machine_is_called_by_plain_http_only_where_a_setting_says_so(
    settings: Settings,
) -> None:
    with pytest.raises(Refused):
        outward.check(address="http://127.0.0.1:8000/")
    settings.OUTWARD_LOOPBACK = True
    outward.check(address="http://127.0.0.1:8000/")
    for other in ("http://10.0.0.1/", "https://10.0.0.1/", "http://93.184.215.14/"):
        with pytest.raises(Refused):
            outward.check(address=other)
