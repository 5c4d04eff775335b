"""Counts words. What it looks words up in is made once, before the snapshot, and found ready by every clone."""

import collections
import os
import re

COMMON = frozenset("a an and as at be by for from in is it of on or that the this to was with".split())
WORD = re.compile(r"[^\W\d_]+")


def handler(event, context):
    words = [word for word in WORD.findall(event["text"].lower()) if word not in COMMON]
    return {
        "most": collections.Counter(words).most_common(3),
        "words": len(words),
        "start": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
    }
