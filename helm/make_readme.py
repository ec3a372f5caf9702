# ruff: noqa: INP001 - a script beside the chart, in no package
"""Print helm/README.md: the chart's values, from the comments above them in values.yaml."""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml import MappingNode, Node, ScalarNode

VALUES = Path(__file__).with_name("values.yaml")

INTRODUCTION = """# The chart al-voc

Runs an experiment on a cluster: a driver Job launches one Job for each stage of each round. The
chart needs Kubernetes 1.31 or newer and Helm 3 or 4. It needs no custom resources and no rights
outside its namespace.
[Your own cluster](../docs/guides/your-own-cluster.md) goes through a first run.

In a clone, the chart asks for the container image `al-job:0.2.0`, which `make image` builds. Load
it into a cluster like kind, or push it to a registry from which the nodes can pull it:

```
make image && k8s/load-image al-job:0.2.0
helm install al-voc ./helm   # the quickstart, on CPUs

make image && docker tag al-job:0.2.0 REGISTRY/al-job:0.2.0 && docker push REGISTRY/al-job:0.2.0
helm install al-voc ./helm --set image.repository=REGISTRY/al-job -f helm/values-gpu.yaml  # on GPUs
helm test al-voc --logs      # al-job doctor in a pod like a training's: it may wait for a GPU
```

Nodes do not pull a container image again that was rebuilt under the same tag: use another tag, or
name it by `image.digest`. A smaller experiment, for a laptop without internet, is in
`k8s/kind/values.yaml`:

```
k8s/load-image al-job:0.2.0 chrislusf/seaweedfs:4.48
helm install al-voc ./helm -f k8s/kind/values.yaml
```

An experiment of your own in a bucket of your own:

```
kubectl create secret generic mine \\
  --from-literal=AWS_ACCESS_KEY_ID=... --from-literal=AWS_SECRET_ACCESS_KEY=...
helm install al-voc ./helm --set-file experiment=experiment.yaml \\
  --set store.url=s3://bucket/prefix,store.existingSecret=mine
```

An upgrade with the same values changes nothing that runs. Other values start a new driver. It
adopts the stages that run, and refuses what may not change in an experiment. As with any chart,
Helm merges a mapping given with `-f` with the default; only `experiment` replaces it. With
another volume or bucket the store is another one, perhaps empty, and the experiment starts over
there.

With workload identity, a trust policy names the service accounts `<fullname>-driver` and
`<fullname>-stage`. `<fullname>` is the release's name if it contains `al-voc`, and
`<release>-al-voc` otherwise, with `-` for each dot and cut to 30 characters. If you may not make
roles, an administrator makes the accounts and the role (the objects of `templates/rbac.yaml`).
Then install with `rbac.create=false`, `serviceAccount.create=false` and the accounts' names.

`make docs` writes the values below from the comments in `values.yaml`. `values.schema.json`
refuses any other value.
"""


def make_readme() -> str:
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
            parts.append("| Value | Default | |\n| --- | --- | --- |")
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
    """Return whether the keys of this value are documented one by one."""
    return any(_comment(lines, key) for key, _ in _children(node))


def _comment(lines: list[str], key: ScalarNode) -> str:
    """Return the comment lines right above a key, at its indentation."""
    mark, found = key.start_mark, list[str]()
    for line in reversed(lines[: mark.line]):
        if not line.startswith(" " * mark.column + "# "):
            break
        found.insert(0, line.strip().removeprefix("# "))
    return " ".join(found).replace("|", "\\|")


def _default(node: Node) -> str:
    """Return a value as it is written on one line."""
    value = yaml.SafeLoader("").construct_document(node)
    shown = yaml.safe_dump(value, default_flow_style=True, width=sys.maxsize, sort_keys=False)
    return f"`{shown.removesuffix(chr(10)).removesuffix('...').strip()}`"


if __name__ == "__main__":
    sys.stdout.write(make_readme())
