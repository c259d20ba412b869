"""Moodle's GIFT: reading a file question by question, and writing one.

The format is described in Moodle's documentation (docs.moodle.org, "GIFT format"); what it leaves
open is decided as Moodle's own importer (``question/format/gift``) does it, and putting in order as
its question type ``ordering`` does. What is ours: ``[source:…]`` in the comment where Moodle has
``[id:…]`` and ``[tag:…]``.
"""
