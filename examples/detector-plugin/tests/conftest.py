"""What the tests share: the rules that al-voc has for every detector."""

import al_voc_yolo.package  # noqa: F401 - before any test imports ultralytics by itself

pytest_plugins = ["job.testing"]
