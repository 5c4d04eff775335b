"""Keys and tokens from cryptography's own OpenSSL, used in init and anew by each clone."""

import jwt
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

warm = ec.generate_private_key(ec.SECP256R1())
ed25519.Ed25519PrivateKey.generate()
vault = Fernet(Fernet.generate_key())


def text(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def use(context):
    key = ec.generate_private_key(ec.SECP256R1())
    token = jwt.encode({"sub": "7"}, key, algorithm="ES256")
    assert jwt.decode(token, key.public_key(), algorithms=["ES256"]) == {"sub": "7"}
    secret = vault.encrypt(b"same")
    assert vault.decrypt(secret) == b"same"
    signed = jwt.encode({"sub": "7"}, warm, algorithm="ES256")
    return [text(key), text(ed25519.Ed25519PrivateKey.generate()), secret.decode(), signed, Fernet.generate_key().decode()]
