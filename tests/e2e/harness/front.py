# SPDX-License-Identifier: Apache-2.0
"""What may stand between grantd and its Grafana: a server that talks TLS, wants a certificate
or has Grafana below a path, and a proxy."""

import http.client
import http.server
import select
import socket
import ssl
import threading
import urllib.parse

# Of one connection, so not passed on.
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding"}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *args):
        pass

    def _relay(self):
        front = self.server.front
        path = front.enter(self.command, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path is None:
            self.send_error(404)
            return
        behind = http.client.HTTPConnection(front.behind, timeout=60)
        try:
            behind.request(self.command, path, body or None, {
                name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP})
            answer = behind.getresponse()
            data = answer.read()
        finally:
            behind.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length", "date", "server"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _relay

    def do_CONNECT(self):
        self.server.front.enter("CONNECT", self.path)
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=60) as behind:
            self.send_response(200)
            self.end_headers()
            pipes = {self.connection: behind, behind: self.connection}
            while True:
                for ready in select.select(list(pipes), [], [], 60)[0]:
                    data = ready.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    pipes[ready].sendall(data)


class Front:
    """Relays to the Grafana at 'behind_url' what comes below 'prefix'. With a certificate it talks
    TLS; 'wanted' is that of a client who is let in. As a proxy it takes whole URLs, and CONNECT.
    'seen' has (method, path) of each request."""

    def __init__(self, behind_url, certificate=None, wanted=None, prefix=""):
        self.behind, self.prefix, self.seen = urllib.parse.urlsplit(behind_url).netloc, prefix, []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.front = self
        self.tls = None
        if certificate is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.show(certificate)
            if wanted is not None:
                self.tls.verify_mode = ssl.CERT_REQUIRED
                self.tls.load_verify_locations(wanted.file)
            # The handshake is the connection's own thread's, at its first read.
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True,
                                                       do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def show(self, certificate):
        """Whoever connects from now on sees that one."""
        self.tls.load_cert_chain(certificate.file, certificate.key)

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.address}{self.prefix}"

    def enter(self, method, target):
        """The path behind; None if there is nothing."""
        self.seen.append((method, target))
        path = target
        if not target.startswith("/"):
            parts = urllib.parse.urlsplit(target)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        return path[len(self.prefix):] if path.startswith(f"{self.prefix}/") else None

    def close(self):
        self._server.shutdown()
        self._server.server_close()
