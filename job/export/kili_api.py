"""Kili's API: GraphQL requests as its SDK 26.2 sends them.

What the requests have to be was taken from what the SDK sent to a recorder. None was sent to Kili.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from job.annotation.http import Reply, Server, one_line
from job.errors import AlJobError, ConfigError, TemporaryError
from job.runtime.parallel import batched
from job.runtime.secret import read_secret

KEY, ENDPOINT = "KILI_API_KEY", "KILI_API_ENDPOINT"
"""The variables that Kili's SDK reads, too."""
CLOUD = "https://cloud.kili-technology.com/api/label/v2/graphql"

UPLOADS_PER_REQUEST = 30
"""Images that are uploaded and added at a time."""
_PER_REQUEST = 100
_ID_LETTERS = 24
_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR

_ASSETS = """query assets($where: AssetWhere!, $first: PageSize!, $skip: Int!) {
  data: assets(where: $where, skip: $skip, first: $first) { id externalId priority }
}"""
_UPLOAD_URLS = """query ($filePaths: [String!]) {
  urls: createUploadBucketSignedUrls(filePaths: $filePaths)
}"""
_APPEND_ASSETS = """mutation appendManyAssets($data: AppendManyAssetsData!, $where: ProjectWhere!) {
  data: appendManyAssets(data: $data, where: $where) { id }
}"""
_SET_PRIORITY = """mutation ($where: AssetWhere!, $priority: Int!) {
  data: setAssetsPriority(where: $where, priority: $priority) {
    succeeded { assetId externalId }
    declined { assetId externalId }
    failed { assetId externalId details }
  }
}"""
_APPEND_LABELS = """mutation appendManyLabels($data: AppendManyLabelsData!, $where: AssetWhere!) {
  data: appendManyLabels(data: $data, where: $where) { id }
}"""


@dataclass(frozen=True)
class KiliAsset:
    """An image in a project of Kili."""

    id: str
    priority: int


class KiliProject:
    """A project of Kili, in which each method may be repeated."""

    def __init__(self, project: str) -> None:
        """Take the key and the address from the environment; no request is sent.

        Raises:
            ConfigError: There is no key, or the address is not one.
        """
        self._project = project
        key = read_secret(KEY)
        if key is None:
            message = f"--send: {KEY} is not set: make a key in Kili (My profile, API key)"
            raise ConfigError(message)
        self._headers = {"Authorization": f"X-API-Key: {key}", "Accept": "application/json"}
        self._server = Server(os.environ.get(ENDPOINT) or CLOUD, ENDPOINT, "Kili")

    def assets(self, external_ids: Sequence[str]) -> dict[str, KiliAsset]:
        """Return those of some assets that are there, by external id."""
        found = {}
        for some in batched(external_ids, _PER_REQUEST):
            where = {"project": {"id": self._project}, "externalIdStrictlyIn": some}
            variables = {"where": where, "skip": 0, "first": _PER_REQUEST}
            for row in self._ask(_ASSETS, variables)["data"]:
                found[row["externalId"]] = KiliAsset(row["id"], row["priority"] or 0)
        return found

    def upload(self, images: Sequence[tuple[str, bytes, str]]) -> list[str]:
        """Upload images, and return the content of their assets.

        Args:
            images: The external id, the bytes and the media type of each: at most
                `UPLOADS_PER_REQUEST`.
        """
        paths = [
            f"projects/{self._project}/assets/{_asset_id(self._project, external_id)}/content"
            for external_id, _, _ in images
        ]
        urls: list[str] = self._ask(_UPLOAD_URLS, {"filePaths": paths})["urls"]
        for url, (_, data, media_type) in zip(urls, images, strict=True):
            self._put(url.split("&id=")[0], data, media_type)
        return urls

    def _put(self, url: str, data: bytes, media_type: str) -> None:
        parts = urlsplit(url)
        bucket = Server(f"{parts.scheme}://{parts.netloc}", ENDPOINT, "Kili's storage")
        headers = {"Content-Type": media_type}
        if parts.netloc.endswith("blob.core.windows.net"):
            headers["x-ms-blob-type"] = "BlockBlob"
        reply = bucket.request("PUT", f"{parts.path}?{parts.query}", data, headers=headers)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            message = f"{bucket.where} answered {reply.status} to an upload; retry"
            raise TemporaryError(message)

    def add(self, assets: Sequence[Mapping[str, Any]], contents: Sequence[str]) -> None:
        """Add assets.

        Args:
            assets: Each with `externalId` and `jsonMetadata`, at most 100.
            contents: The address of each one's image.
        """
        ids = [asset["externalId"] for asset in assets]
        data = {
            "contentArray": [*contents],
            "externalIDArray": ids,
            "idArray": [_asset_id(self._project, each) for each in ids],
            "isHoneypotArray": [False] * len(assets),
            "jsonContentArray": [""] * len(assets),
            "jsonMetadataArray": [json.dumps(asset["jsonMetadata"]) for asset in assets],
        }
        self._ask(_APPEND_ASSETS, {"data": data, "where": {"id": self._project}})

    def prioritise(self, asset: KiliAsset, priority: int) -> None:
        """Set the priority of an asset; the highest is labelled first."""
        variables = {"where": {"idIn": [asset.id]}, "priority": priority}
        said = self._ask(_SET_PRIORITY, variables)["data"]
        if refused := [*said["declined"], *said["failed"]]:
            why = refused[0].get("details") or "declined"
            message = f"{self._server.where}: the priority of {refused[0]['externalId']!r}: {why}"
            raise ConfigError(message)

    def predict(self, predictions: Sequence[tuple[KiliAsset, Mapping[str, Any]]]) -> None:
        """Set the predictions of a model, in the place of its earlier ones.

        Args:
            predictions: Each has `modelName` and `jsonResponse`.
        """
        for some in batched(predictions, _PER_REQUEST):
            rows = [
                {
                    "assetID": asset.id,
                    "authorID": None,
                    "clientVersion": None,
                    "jsonResponse": json.dumps(prediction["jsonResponse"]),
                    "modelName": prediction["modelName"],
                    "referencedLabelId": None,
                    "secondsToLabel": None,
                }
                for asset, prediction in some
            ]
            where = {"idIn": [row["assetID"] for row in rows], "project": {"id": self._project}}
            data = {"labelType": "PREDICTION", "overwrite": True, "labelsData": rows}
            self._ask(_APPEND_LABELS, {"data": data, "where": where})

    def _ask(self, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """Send a request, and return what is asked for."""
        body = {"query": query, "variables": variables}
        reply = self._server.request("POST", "", body, headers=self._headers)
        content = _parsed(reply.data)
        if reply.status >= HTTPStatus.BAD_REQUEST or content.get("errors"):
            raise self._refusal(reply, content)
        if not isinstance(content.get("data"), dict):
            message = f"{self._server.where} does not answer as Kili does: check {ENDPOINT}"
            raise ConfigError(message)
        data: dict[str, Any] = content["data"]
        return data

    def _refusal(self, reply: Reply, content: Mapping[str, Any]) -> AlJobError:
        errors = content.get("errors") or [{}]
        said = one_line(errors[0].get("message") or f"status {reply.status}")
        where = self._server.where
        if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return ConfigError(f"{where} does not take the key ({said}): check {KEY}")
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS or reply.status >= _SERVER_ERROR:
            return TemporaryError(f"{where}: {said}; retry, and it continues")
        return ConfigError(f"{where} refuses it: {said}")


def _asset_id(project: str, external_id: str) -> str:
    """Return the id of an asset: always the same one, so that none is made twice."""
    return f"c{sha256(f'{project}/{external_id}'.encode()).hexdigest()[:_ID_LETTERS]}"


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
