"""The writes of Google's XML API, which fake-gcs-server lacks, by its JSON API.

What they do is the emulator's own: whether a generation matches, and how parts become an object.
https://cloud.google.com/storage/docs/xml-api/overview
"""

import http.client
import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from uuid import uuid4

Answer = tuple[int, dict[str, str], bytes]
_NO_BUCKET = b"<Error><Code>NoSuchBucket</Code><Message>It does not exist.</Message></Error>"


class XmlApi(BaseHTTPRequestHandler):
    """A proxy: writes are translated, and everything else is handed on."""

    backend: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, content = self._answer(body)
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {"transfer-encoding", "content-length"}:
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815 - http.server's names

    def _answer(self, body: bytes) -> Answer:
        place = urlsplit(self.path)
        asked = {name: value[0] for name, value in parse_qs(place.query, True).items()}  # noqa: FBT003 - its only form by place
        bucket, _, name = unquote(place.path).removeprefix("/").partition("/")
        if bucket in {"storage", "upload"} or self.command in {"GET", "HEAD"}:
            return self._hand_on(body)
        if self.command == "PUT" and "uploadId" in asked:
            return self._write(bucket, _part(asked["uploadId"], asked["partNumber"]), body)
        if self.command == "PUT":
            return self._write(bucket, name, body, self.headers.get("x-goog-if-generation-match"))
        if self.command == "POST" and "uploads" in asked:
            return 200, {}, _xml("InitiateMultipartUploadResult", UploadId=uuid4().hex)
        if self.command == "POST" and "uploadId" in asked:
            return self._join(bucket, name, asked["uploadId"], body.count(b"<PartNumber>"))
        return self._hand_on(body)

    def _hand_on(self, body: bytes) -> Answer:
        answer = self._ask(self.command, self.path, body, dict(self.headers.items()))
        return (404, {}, _NO_BUCKET) if b"no bucket named" in answer[2] else answer

    def _write(self, bucket: str, name: str, body: bytes, generation: str | None = None) -> Answer:
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        if generation is not None:
            path += f"&ifGenerationMatch={generation}"
        status, _, content = self._ask("POST", path, body, {})
        if status != http.HTTPStatus.OK:
            return status, {}, content
        written = json.loads(content)
        return 200, {"ETag": written["etag"], "x-goog-generation": written["generation"]}, b""

    def _join(self, bucket: str, name: str, upload: str, num_parts: int) -> Answer:
        parts = [_part(upload, str(number)) for number in range(1, num_parts + 1)]
        content = {"sourceObjects": [{"name": part} for part in parts], "destination": {}}
        path = f"/storage/v1/b/{bucket}/o"
        joined = f"{path}/{quote(name, safe='')}/compose"
        headers = {"Content-Type": "application/json"}
        status, _, answer = self._ask("POST", joined, json.dumps(content).encode(), headers)
        for part in parts:
            self._ask("DELETE", f"{path}/{quote(part, safe='')}", b"", {})
        if status != http.HTTPStatus.OK:
            return status, {}, answer
        headers = {"x-goog-generation": json.loads(answer)["generation"]}
        return 200, headers, _xml("CompleteMultipartUploadResult", ETag=json.loads(answer)["etag"])

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        own = {name: value for name, value in headers.items() if name.lower() != "host"}
        connection = http.client.HTTPConnection(self.backend)
        connection.request(method, path, body, own)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content


def _part(upload: str, number: str) -> str:
    """Return the name of the object that holds a part."""
    return f".parts-{upload}/{number}"


def _xml(tag: str, **values: str) -> bytes:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f"<?xml version='1.0' encoding='UTF-8'?><{tag}>{inner}</{tag}>".encode()
