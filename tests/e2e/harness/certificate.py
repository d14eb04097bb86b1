# SPDX-License-Identifier: Apache-2.0
"""What a server shows its clients over TLS."""

import subprocess


class Certificate:
    """A key and a certificate that vouches for itself, and so is the CA file as well; 'both' is one
    file with the two. The name is as in "IP:127.0.0.1" or "DNS:host.example"."""

    def __init__(self, directory, file_name, name):
        self.key, self.file, self.both = (str(directory / f"{file_name}.{kind}") for kind in ("key", "crt", "pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", f"/CN={file_name}", "-addext", f"subjectAltName={name}",
                        "-keyout", self.key, "-out", self.file], check=True, capture_output=True)
        with open(self.both, "w") as both:
            for part in (self.key, self.file):
                with open(part) as file:
                    both.write(file.read())
