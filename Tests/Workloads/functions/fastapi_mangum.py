"""An ASGI application behind Mangum, with its event loop and a session's secret made in init."""

import json
import secrets
import uuid

from fastapi import FastAPI, HTTPException
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float = 1.5


@app.post("/items")
async def make(item: Item):
    return {"id": str(uuid.uuid4()), "token": secrets.token_hex(8), "name": item.name, "price": item.price}


@app.get("/items/{number}")
def find(number: int):
    raise HTTPException(404, f"no item {number}")


serve = Mangum(app, lifespan="off")


def request(method, path, body=None):
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "example.com"},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}, "stage": "$default"},
        "body": json.dumps(body) if body else None, "isBase64Encoded": False,
    }  # fmt: skip


assert serve(request("POST", "/items", {"name": "warm"}), None)["statusCode"] == 200


def use(context):
    answer = serve(request("POST", "/items", {"name": "pen"}), context)
    assert answer["statusCode"] == 200, answer
    body = json.loads(answer["body"])
    assert body["name"] == "pen" and body["price"] == 1.5
    assert serve(request("GET", "/items/7"), context)["statusCode"] == 404
    assert serve(request("POST", "/items", {"price": 1}), context)["statusCode"] == 422
    return [body["id"], body["token"]]
