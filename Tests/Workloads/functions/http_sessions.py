"""Sessions that keep a connection to the outside open, from init: requests, httpx with HTTP/1.1, and urllib3."""

import os

import httpx
import requests
import urllib3

URL = os.environ["OUTSIDE_HTTP"]
session = requests.Session()
client = httpx.Client(timeout=5)
pool = urllib3.PoolManager()


def ask():
    return [
        session.get(URL, timeout=5).json()["count"],
        client.get(URL).json()["count"],
        pool.request("GET", URL, timeout=5).json()["count"],
    ]


ask()


def use(context):
    # As on AWS, the first use of what the freeze ended may fail where the client does not try again.
    try:
        counts = ask()
    except httpx.HTTPError:
        counts = ask()
    assert ask() != counts
    return [str(count) for count in counts]
