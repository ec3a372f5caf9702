"""A double of Kili: it answers the requests that the SDK 26.2 sends, and nothing else."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

KEY = "key-of-nobody"


class KiliDouble:
    """A project's assets, and what was asked for."""

    def __init__(self) -> None:
        self.assets: dict[str, dict[str, Any]] = {}
        """By external id, in the order in which they were added."""
        self.files: dict[str, tuple[bytes, str]] = {}
        """What was uploaded, with its media type, by path."""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """The query and the variables of each."""
        self.url = ""
        self.fail_at: int | None = None
        """The number of the request that is answered by an error, after it was done."""
        self.status = 503
        self.is_page = False
        """Whether something else is at its address."""
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "createUploadBucketSignedUrls": self._urls,
            "appendManyAssets": self._append_assets,
            "setAssetsPriority": self._set_priority,
            "appendManyLabels": self._append_labels,
        }

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked for."""
        self.requests.append((query, variables))
        for name, answer in self.answers.items():
            if name in query:
                return answer(variables)
        return self._found(variables)

    def _found(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        wanted, names = variables["where"]["externalIdStrictlyIn"], ("id", "externalId", "priority")
        rows = [self.assets[each] for each in wanted if each in self.assets]
        return {"data": [{name: row[name] for name in names} for row in rows]}

    def _urls(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        paths = enumerate(variables["filePaths"])
        return {"urls": [f"{self.url}/bucket/{path}?signed=1&id={i}" for i, path in paths]}

    def _append_assets(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        data = variables["data"]
        columns = ("idArray", "externalIDArray", "contentArray", "jsonMetadataArray")
        for row in zip(*(data[name] for name in columns), strict=True):
            identity, external_id, content, metadata = row
            assert identity not in {each["id"] for each in self.assets.values()}
            self.assets[external_id] = {
                "id": identity,
                "externalId": external_id,
                "content": content,
                "jsonMetadata": json.loads(metadata),
                "priority": 0,
                "predictions": {},
            }
        return {"data": [{"id": each} for each in data["idArray"]]}

    def _by_id(self, identity: str) -> dict[str, Any]:
        return next(each for each in self.assets.values() if each["id"] == identity)

    def _set_priority(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        for identity in variables["where"]["idIn"]:
            self._by_id(identity)["priority"] = variables["priority"]
        return {"data": {"succeeded": [], "declined": [], "failed": []}}

    def _append_labels(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        data = variables["data"]
        assert (data["labelType"], data["overwrite"]) == ("PREDICTION", True)
        for row in data["labelsData"]:
            predictions = self._by_id(row["assetID"])["predictions"]
            predictions[row["modelName"]] = json.loads(row["jsonResponse"])
        return {"data": [{"id": "label"} for _ in data["labelsData"]]}


@contextmanager
def serving(double: KiliDouble) -> Iterator[KiliDouble]:
    """Let a double answer at its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self._body())
            content = {"data": double.answer(body["query"], body["variables"])}
            is_known = self.headers["Authorization"] == f"X-API-Key: {KEY}"
            if not is_known:
                self._send(401, {"errors": [{"message": "unauthenticated"}]})
            elif len(double.requests) - 1 == double.fail_at:
                self._send(double.status, {"errors": [{"message": "try later"}]})
            else:
                self._send(200, "hello" if double.is_page else content)

        def do_PUT(self) -> None:
            path = self.path.partition("?")[0].removeprefix("/bucket/")
            double.files[path] = (self._body(), self.headers["Content-Type"])
            assert self.path.endswith("?signed=1")
            self._send(200, {})

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _send(self, status: int, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
