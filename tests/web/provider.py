"""A small OpenID Connect provider on a port of this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class Provider:
    """Signs in whoever a test says, and checks what the console sends."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, dict[str, Any]] = {}
        self.claims: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sign_in(self, query: dict[str, str], *, auth_time_ago: int = 0, **claims: Any) -> str:
        """The code with which the browser of the person with these claims goes back."""
        code = secrets.token_urlsafe()
        claims_sent = {**claims, "auth_time": int(time.time()) - auth_time_ago}
        self.codes[code] = {"asked": query, "claims": claims_sent}
        return code

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def token(self, sent: dict[str, str]) -> dict[str, Any]:
        """What a code is exchanged for, once, by who holds the secret and the verifier."""
        kept = self.codes.pop(sent["code"])
        verifier = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        assert challenge == kept["asked"]["code_challenge"]
        assert (sent["client_id"], sent["client_secret"]) == ("console", "s3cret")
        now, access = int(time.time()), secrets.token_urlsafe()
        self.claims[access] = kept["claims"]
        claims_sent = {
            **kept["claims"],
            "iss": self.url,
            "aud": "console",
            "iat": now,
            "exp": now + 60,
        }
        signed = jwt.encode(claims_sent, self.key, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": access, "token_type": "Bearer", "id_token": signed}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/openid-configuration"):
                self._say(provider.configuration())
            elif self.path == "/userinfo":
                access = self.headers["Authorization"].removeprefix("Bearer ")
                self._say(provider.claims[access])
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(provider.token({key: each[0] for key, each in parse_qs(body).items()}))

        def _say(self, claims_sent: dict[str, Any]) -> None:
            body = json.dumps(claims_sent).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test tells what happened."""

    return Handler
