"""Data sets: taken in from VOC, COCO or a drawing, kept in tar shards, read by the stages."""
