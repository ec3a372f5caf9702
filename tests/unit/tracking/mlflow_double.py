"""A double of an MLflow tracking server: the part of its REST interface that is used."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

_PREFIX = "/api/2.0/mlflow/"
_Answers = Callable[[str, dict[str, Any]], tuple[int, bytes] | None]
_MISSING = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not there"}


class MlflowDouble(ThreadingHTTPServer):
    """Keeps experiments and runs in memory."""

    daemon_threads = True

    def __init__(self) -> None:
        self.experiments: dict[str, dict[str, str]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.history: dict[str, list[dict[str, Any]]] = {}
        """Each value that was written, by its run."""
        self.authorization: str | None = None
        """What the last request said of who it is from."""
        self.answer: _Answers = lambda *_: None
        """Answers in place of the server, given a path and a body."""
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                double.authorization = self.headers.get("Authorization")
                parts = urlsplit(self.path)
                data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                path = parts.path.removeprefix(_PREFIX)
                body = query | json.loads(data or b"{}")
                status, answer = double.answer(path, body) or double.answered(path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answered(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        content = getattr(self, path.replace("/", "_").replace("-", "_"))(body)
        return (404 if content is _MISSING else 200), json.dumps(content).encode()

    def experiments_get_by_name(self, body: dict[str, Any]) -> object:
        found = self.experiments.get(body["experiment_name"])
        return {"experiment": found} if found else _MISSING

    def experiments_create(self, body: dict[str, Any]) -> object:
        made = {"experiment_id": str(len(self.experiments) + 1), "lifecycle_stage": "active"}
        self.experiments[body["name"]] = made
        return made

    def runs_search(self, body: dict[str, Any]) -> object:
        wanted, runs = body["experiment_ids"], self.runs.values()
        own = [run for run in runs if run["info"]["experiment_id"] in wanted]
        own.sort(key=lambda run: int(run["info"]["start_time"]))
        first = int(body.get("page_token") or 0)
        last = first + int(body["max_results"])
        page: dict[str, object] = {"runs": own[first:last]} if own[first:last] else {}
        return page | ({"next_page_token": str(last)} if last < len(own) else {})

    def runs_create(self, body: dict[str, Any]) -> object:
        name = f"{len(self.runs):032}"
        info = {
            "run_id": name,
            "run_name": body["run_name"],
            "experiment_id": body["experiment_id"],
            "start_time": body["start_time"],
            "status": "RUNNING",
        }
        data = {"tags": body["tags"], "metrics": [], "params": []}
        self.runs[name] = {"info": info, "data": data}
        self.history[name] = []
        return {"run": self.runs[name]}

    def runs_log_batch(self, body: dict[str, Any]) -> object:
        data = self.runs[body["run_id"]]["data"]
        assert len(body["metrics"]) <= 1000
        self.history[body["run_id"]] += body["metrics"]
        latest = {each["key"]: each for each in [*data["metrics"], *body["metrics"]]}
        data["metrics"] = list(latest.values())
        data["params"] += body["params"]
        data["tags"] += body["tags"]
        return {}

    def runs_update(self, body: dict[str, Any]) -> object:
        info = self.runs[body["run_id"]]["info"]
        info |= {"status": body["status"], "end_time": body["end_time"]}
        return {"run_info": info}

    def metrics_get_history(self, body: dict[str, Any]) -> object:
        own = [each for each in self.history[body["run_id"]] if each["key"] == body["metric_key"]]
        return {"metrics": own}
