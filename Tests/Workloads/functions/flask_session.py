"""A WSGI application with signed sessions, called as its own test client does."""

import secrets

from flask import Flask, jsonify, session

app = Flask(__name__)
app.secret_key = "of all clones"


@app.route("/login")
def login():
    session["nonce"] = secrets.token_hex(8)
    return jsonify(nonce=session["nonce"])


@app.route("/me")
def me():
    return jsonify(nonce=session["nonce"])


with app.test_client() as warm:
    assert warm.get("/login").status_code == 200


def use(context):
    with app.test_client() as client:
        nonce = client.get("/login").json["nonce"]
        assert client.get("/me").json["nonce"] == nonce
        return [nonce]
