# ruff: noqa: INP001 - a script beside the chart, in no package
"""Prints helm/README.md: the chart's values, from the comments above them in values.yaml."""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml import MappingNode, Node, ScalarNode

VALUES = Path(__file__).with_name("values.yaml")

INTRODUCTION = """# The chart al-voc

Runs an experiment on a cluster: a driver Job launches one Job for each stage of each round. It
needs Kubernetes 1.31 or newer, Helm 3 or 4, no custom resources and no rights beyond its namespace.

The image has to be where the nodes pull it from:

```
docker build -t REGISTRY/al-job:1 . && docker push REGISTRY/al-job:1
helm install al-voc ./helm --set image.repository=REGISTRY/al-job,image.tag=1  # quickstart, on GPUs
helm test al-voc --logs   # al-job doctor in a pod like a training's: it waits for a free GPU, too
```

An image built anew under a tag that is in use changes nothing: give it another tag, or name it by
`image.digest`. On a kind cluster, without GPUs and registry, the image is loaded instead:

```
k8s/load-image al-job:dev chrislusf/seaweedfs:4.48
helm install al-voc ./helm -f k8s/kind/values.yaml
```

An experiment of your own in a bucket of your own:

```
kubectl create secret generic mine \\
  --from-literal=AWS_ACCESS_KEY_ID=... --from-literal=AWS_SECRET_ACCESS_KEY=...
helm install al-voc ./helm --set-file experiment=experiment.yaml \\
  --set store.url=s3://bucket/prefix,store.existingSecret=mine
```

An upgrade with equal values changes nothing that runs. Changed values start a new driver, which
takes up the stages that run, and refuses what the experiment forbids to change. As with any chart,
a mapping given with `-f` is merged with the default one; only `experiment` takes its place. Another
volume or bucket for the store is another, maybe empty, store: all starts over there.

With workload identity, a trust policy names the service accounts `<fullname>-driver` and
`<fullname>-stage`. `<fullname>` is the release's name where that has `al-voc` in it, else
`<release>-al-voc`, with `-` for each dot and cut to 30 characters. Who may not make roles gets
accounts and role from an administrator (the objects of `templates/rbac.yaml`), and installs with
`rbac.create=false`, `serviceAccount.create=false` and the accounts' names.

The values below are made from the comments in `values.yaml` by `make docs`. `values.schema.json`
refuses any other.
"""


def reference() -> str:
    """Return the page.

    Raises:
        ValueError: A value has no comment.
    """
    text = VALUES.read_text(encoding="utf-8")
    lines, root = text.splitlines(), yaml.compose(text, yaml.SafeLoader)
    parts = [INTRODUCTION]
    for key, value in _children(root):
        intro = _comment(lines, key)
        parts.append(f"## `{key.value}`\n")
        if _is_section(lines, value):
            parts += [f"{intro}\n"] if intro else []
            parts.append("| value | default | |\n| --- | --- | --- |")
            parts += [*_rows(lines, key.value, value), ""]
        else:
            parts.append(f"{intro} Default: {_default(value)}\n")
    return "\n".join(parts)


def _rows(lines: list[str], name: str, section: Node) -> Iterator[str]:
    for key, value in _children(section):
        path, comment = f"{name}.{key.value}", _comment(lines, key)
        if _is_section(lines, value):
            if comment:
                yield f"| `{path}` | | {comment} |"
            yield from _rows(lines, path, value)
        elif comment:
            yield f"| `{path}` | {_default(value)} | {comment} |"
        else:
            message = f"{VALUES.name}: {path} has no comment"
            raise ValueError(message)


def _children(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    return node.value if isinstance(node, MappingNode) else []


def _is_section(lines: list[str], node: Node) -> bool:
    """Whether the keys within are documented one by one."""
    return any(_comment(lines, key) for key, _ in _children(node))


def _comment(lines: list[str], key: ScalarNode) -> str:
    """The comment lines right above a key, at its indentation."""
    mark, found = key.start_mark, list[str]()
    for line in reversed(lines[: mark.line]):
        if not line.startswith(" " * mark.column + "# "):
            break
        found.insert(0, line.strip().removeprefix("# "))
    return " ".join(found).replace("|", "\\|")


def _default(node: Node) -> str:
    """A value as it would be written on one line."""
    value = yaml.SafeLoader("").construct_document(node)
    shown = yaml.safe_dump(value, default_flow_style=True, width=sys.maxsize, sort_keys=False)
    return f"`{shown.removesuffix(chr(10)).removesuffix('...').strip()}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
