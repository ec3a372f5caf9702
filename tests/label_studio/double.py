"""A double of Label Studio's server: what we ask of its API, as version 1.23.2 answers it.

The contract tests hold it against the real one. It keeps everything in memory.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from re import fullmatch
from typing import Any
from urllib.parse import parse_qs, urlsplit

LEGACY, PERSONAL = "0123456789abcdef0123456789abcdef01234567", "head.refresh.sign"
Json = dict[str, Any]
Found = tuple[int, Any]
NO_PAGE = 404, {"detail": "Invalid page."}
NOTHING = 404, {"detail": "No Project matches the given query."}


@dataclass
class Double:
    """The server's content, and what is wrong with it."""

    projects: dict[int, Json] = field(default_factory=dict)
    tasks: dict[int, Json] = field(default_factory=dict)
    uploads: dict[int, Json] = field(default_factory=dict)
    storages: list[Json] = field(default_factory=list)
    webhooks: dict[int, Json] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=lambda: {f"Token {LEGACY}"})
    refreshes: int = 0
    """How often the personal access token was changed into another one."""
    answer: Callable[[str, str], Found | None] = lambda *_: None
    """What is answered instead, by the method and the path."""
    url: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, method: str, target: str, body: bytes, headers: Any) -> Found:
        """Answer a request."""
        parts = urlsplit(target)
        path, query = parts.path, {name: each[0] for name, each in parse_qs(parts.query).items()}
        if instead := self.answer(method, path):
            return instead
        if path == "/api/token/refresh/":
            return self._refresh(json.loads(body))
        if not path.startswith("/api/"):
            return 404, "<!doctype html>"
        if headers["Authorization"] not in self.tokens:
            return 401, {"detail": "Invalid token."}
        kind = headers.get("Content-Type", "")
        content = _files(body, kind) if kind.startswith("multipart") else json.loads(body or b"{}")
        for pattern, answer in ROUTES.items():
            if found := fullmatch(pattern, f"{method} {path}"):
                return answer(self, *map(int, found.groups()), query, content)
        return 404, "<!doctype html>"

    def expire(self) -> None:
        """Let all that a personal access token was changed into expire."""
        self.tokens = {each for each in self.tokens if each.startswith("Token")}

    def _refresh(self, content: Json) -> Found:
        if content != {"refresh": PERSONAL}:
            return 401, {"detail": "Token is invalid"}
        self.refreshes += 1
        self.tokens.add(f"Bearer access-{self.refreshes}")
        return 200, {"access": f"access-{self.refreshes}"}

    def list_projects(self, query: Json, _: Any) -> Found:
        counts = Counter(task["project"] for task in self.tasks.values())
        told = [{**each, "task_number": counts[each["id"]]} for each in self.projects.values()]
        rows = [self._kept(each, query) for each in reversed(told)]
        return _page(rows, query, "results", "count")

    def make_project(self, _: Json, content: Json) -> Found:
        if not 3 <= len(content["title"]) <= 50:
            return 400, {"validation_errors": {"title": ["Ensure this field has ..."]}}
        number = next(self.numbers)
        new = {"id": number, "model_version": "", "description": ""}
        new |= {"expert_instruction": "", "show_instruction": False}
        self.projects[number] = new | content
        return 201, self.projects[number]

    def project(self, number: int, query: Json, _: Any) -> Found:
        if number not in self.projects:
            return NOTHING
        return 200, self._kept(self.projects[number], query)

    def change_project(self, number: int, _: Json, content: Json) -> Found:
        version = content.get("model_version", "")
        if version and version not in self._versions(number):
            return 400, {"validation_errors": {"model_version": ["Model version doesn't exist"]}}
        self.projects[number] |= content
        return 200, self.projects[number]

    def delete_project(self, number: int, _: Json, __: Any) -> Found:
        del self.projects[number]
        self.tasks = {n: task for n, task in self.tasks.items() if task["project"] != number}
        return 204, None

    def versions(self, number: int, _: Json, __: Any) -> Found:
        return 200, self._versions(number)

    def list_uploads(self, number: int, _: Json, __: Any) -> Found:
        if number not in self.projects:
            return NOTHING
        rows = [each for each in self.uploads.values() if each["project"] == number]
        return 200, [{"id": each["id"], "file": each["file"]} for each in rows]

    def import_(self, number: int, query: Json, content: Any) -> Found:
        if number not in self.projects:
            return 404, "<!doctype html>"
        if query.get("commit_to_project") == "false":
            return self._upload(number, content)
        if any("image" not in task["data"] for task in content):
            return 400, {"validation_errors": {"non_field_errors": ['"image" key is expected']}}
        for task in content:
            key = next(self.numbers)
            new = {"project": number, "annotations": [], "drafts": 0, "predictions": [], **task}
            self.tasks[key] = {"id": key, **new}
            for prediction in new["predictions"]:
                project = self.projects[number]
                project["model_version"] = project["model_version"] or prediction["model_version"]
        return 201, {"task_count": len(content)}

    def _upload(self, number: int, files: list[tuple[str, bytes]]) -> Found:
        if len(files) > 100:
            return 500, "The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES."
        for name, data in files:
            key = next(self.numbers)
            file = f"upload/{number}/{key:08x}-{name}"
            self.uploads[key] = {"id": key, "project": number, "file": file, "data": data}
        return 201, {"task_count": len(files)}

    def list_tasks(self, query: Json, _: Any) -> Found:
        number = int(query["project"])
        if number not in self.projects:
            return NOTHING
        rows = [
            {
                "id": task["id"],
                "data": task["data"],
                "annotations": task["annotations"],
                "draft_exists": bool(task["drafts"]),
            }
            for task in self.tasks.values()
            if task["project"] == number
        ]
        return _page(rows, query, "tasks", "total")

    def task(self, number: int, _: Json, __: Any) -> Found:
        return (200, self.tasks[number]) if number in self.tasks else NOTHING

    def delete_task(self, number: int, _: Json, __: Any) -> Found:
        return (204, None) if self.tasks.pop(number, None) else NOTHING

    def delete_tasks(self, query: Json, content: Json) -> Found:
        assert query["id"] == "delete_tasks"
        found = [n for n in content["selectedItems"]["included"] if self.tasks.pop(n, None)]
        return 200, {"processed_items": len(found)}

    def annotate(self, number: int, _: Json, content: Json) -> Found:
        new: Json = {"id": next(self.numbers), "completed_by": 1, "was_cancelled": False}
        now = datetime.now(UTC).isoformat()
        new |= {"ground_truth": False, "lead_time": None, "created_at": now, "updated_at": now}
        self.tasks[number]["annotations"].append(new | content)
        return 201, new | content

    def draft(self, number: int, _: Json, __: Any) -> Found:
        self.tasks[number]["drafts"] += 1
        return 201, {}

    def make_token(self, _: Json, __: Any) -> Found:
        return 201, {"token": PERSONAL}

    def users(self, _: Json, __: Any) -> Found:
        return 200, [{"id": 1, "email": "a@b.org"}]

    def list_storages(self, query: Json, _: Any) -> Found:
        return 200, [each for each in self.storages if each["project"] == int(query["project"])]

    def make_storage(self, _: Json, content: Json) -> Found:
        self.storages.append(content)
        return 201, content

    def list_webhooks(self, query: Json, _: Any) -> Found:
        hooks = self.webhooks.values()
        return 200, [each for each in hooks if each["project"] == int(query["project"])]

    def make_webhook(self, _: Json, content: Json) -> Found:
        number = next(self.numbers)
        self.webhooks[number] = {"id": number, **content}
        return 201, self.webhooks[number]

    def change_webhook(self, number: int, _: Json, content: Json) -> Found:
        self.webhooks[number] |= content
        return 200, self.webhooks[number]

    def delete_webhook(self, number: int, _: Json, __: Any) -> Found:
        del self.webhooks[number]
        return 204, None

    def _versions(self, number: int) -> dict[str, int]:
        tasks = [task for task in self.tasks.values() if task["project"] == number]
        return {each["model_version"]: 1 for task in tasks for each in task["predictions"]}

    def _kept(self, row: Json, query: Json) -> Json:
        names = query.get("include", ",".join(row)).split(",")
        return {name: row[name] for name in names if name in row}


ROUTES: dict[str, Callable[..., Found]] = {
    "GET /api/projects": Double.list_projects,
    "POST /api/projects": Double.make_project,
    r"GET /api/projects/(\d+)/": Double.project,
    r"PATCH /api/projects/(\d+)/": Double.change_project,
    r"DELETE /api/projects/(\d+)/": Double.delete_project,
    r"GET /api/projects/(\d+)/model-versions/": Double.versions,
    r"GET /api/projects/(\d+)/file-uploads": Double.list_uploads,
    r"POST /api/projects/(\d+)/import": Double.import_,
    "GET /api/tasks": Double.list_tasks,
    r"GET /api/tasks/(\d+)/": Double.task,
    r"DELETE /api/tasks/(\d+)/": Double.delete_task,
    r"POST /api/tasks/(\d+)/annotations/": Double.annotate,
    r"POST /api/tasks/(\d+)/drafts": Double.draft,
    "POST /api/dm/actions": Double.delete_tasks,
    "GET /api/users": Double.users,
    "POST /api/token/": Double.make_token,
    "GET /api/storages/s3": Double.list_storages,
    "POST /api/storages/s3": Double.make_storage,
    "GET /api/webhooks/": Double.list_webhooks,
    "POST /api/webhooks/": Double.make_webhook,
    r"PATCH /api/webhooks/(\d+)/": Double.change_webhook,
    r"DELETE /api/webhooks/(\d+)/": Double.delete_webhook,
}


def _page(rows: list[Json], query: Json, name: str, total: str) -> Found:
    """A page of a long list; behind the last one is none."""
    size, page = int(query.get("page_size", 30)), int(query.get("page", 1))
    some = rows[(page - 1) * size : page * size]
    return (200, {name: some, total: len(rows)}) if some or page == 1 else NO_PAGE


def _files(body: bytes, kind: str) -> list[tuple[str, bytes]]:
    """The names and bytes of a form's files."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return [(str(part.get_filename()), part.get_content()) for part in message.iter_parts()]


class _Handler(BaseHTTPRequestHandler):
    double: Double
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.double.lock:
            status, content = self.double.handle(self.command, self.path, body, self.headers)
            if isinstance(content, dict) and status >= 400:
                content = {"status_code": status, "version": "1.23.2"} | content
            data = content if isinstance(content, str) else json.dumps(content)
        encoded = b"" if content is None else data.encode()
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    do_GET = do_POST = do_PATCH = do_DELETE = do_any  # noqa: N815 - http.server's names


@contextmanager
def running_double() -> Iterator[Double]:
    """A double that answers at an address of this machine."""
    double = Double()
    handler = type("Handler", (_Handler,), {"double": double})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        double.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield double
        server.shutdown()
        thread.join()
