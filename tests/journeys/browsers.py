"""A browser without scripts, for stories that go through HTTP."""

from html.parser import HTMLParser

from django.test import Client

BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile Safari"


class Form:
    """One form of a page as a browser would send it."""

    def __init__(self, attributes: dict[str, str | None]) -> None:
        self.action = attributes.get("action") or ""
        self.method = (attributes.get("method") or "get").lower()
        self.name = attributes.get("id") or ""
        self.fields: dict[str, str] = {}


class Forms(HTMLParser):
    """The forms of a page with what stands in their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.found.append(Form(attributes))
        name = attributes.get("name")
        if tag != "input" or not name or not self.found:
            return
        picked = attributes.get("type") in ("radio", "checkbox")
        if not picked or "checked" in attributes:
            self.found[-1].fields[name] = attributes.get("value") or ""


class Shopper:
    """A browser without scripts that keeps its cookies and sends whole forms."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER})
        self.page = ""
        self.address = ""

    def open(self, address: str) -> "Shopper":
        return self._show(self.client.get(address, follow=True))

    def send(self, *, to: str, having: str = "", **fields: str) -> "Shopper":
        """Send the page's form that goes to this address, with these fields filled in.

        `having`: a value that one of its hidden fields must have, where several go to the same address.
        """
        found = [
            form
            for form in Forms(self.page).found
            if (form.action or self.address) == to
            and (not having or having in form.fields.values())
        ]
        assert found, f"{self.address} has no form to {to}"
        return self._show(self.client.post(to, {**found[0].fields, **fields}, follow=True))

    def _show(self, response: object) -> "Shopper":
        assert response.status_code == 200, response.status_code  # type: ignore[attr-defined]
        self.page = response.content.decode()  # type: ignore[attr-defined]
        self.address = response.request["PATH_INFO"]  # type: ignore[attr-defined]
        return self
