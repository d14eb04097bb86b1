# SPDX-License-Identifier: Apache-2.0
"""A vault: a P-256 key pair, and what it opens. JOSE by jwcrypto, not by our code."""

import base64
import os

from jwcrypto import jwe, jwk


class Vault:
    def __init__(self, directory):
        self._key = jwk.JWK.generate(kty="EC", crv="P-256")
        self.public_file = os.path.join(directory, "vault.pub.jwk")
        self.private_file = os.path.join(directory, "vault.jwk")
        self.kid = base64.urlsafe_b64decode(self._key.thumbprint() + "=").hex()  # as the contract has it
        for path, text in ((self.public_file, self._key.export_public()),
                           (self.private_file, self._key.export_private())):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(text)

    def seal(self, plaintext):
        token = jwe.JWE(plaintext.encode(), protected={"alg": "ECDH-ES", "enc": "A256GCM", "kid": self.kid})
        token.add_recipient(self._key)
        return token.serialize(compact=True)

    def open(self, event):
        """The plaintext in a credential event."""
        data = event["data"]
        assert data["kid"] == self.kid, f"sealed for {data['kid']}, not for {self.kid}"
        token = jwe.JWE()
        token.deserialize(data["sealed"], key=self._key)
        header = token.jose_header
        assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", "A256GCM", self.kid), header
        return token.payload.decode()
