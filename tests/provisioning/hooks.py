"""A pre-provisioning hook that a test scripts: an HTTP server on loopback."""

import http.server
import json
import threading
import uuid

from running import hook_server


class Hooks:
    """Each test puts a function at a URL of its own; it gets the request and gives the answer."""

    def __init__(self):
        self.functions = {}
        functions = self.functions

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    status, body = 200, json.dumps(functions[self.path](request))
                except Exception as error:
                    status, body = 500, str(error)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body.encode())
                except OSError:
                    pass  # the server stopped waiting

            def log_message(self, *_):
                pass

        self.server = hook_server(Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, function):
        """The URL at which this function answers."""
        path = f"/{uuid.uuid4().hex}"
        self.functions[path] = function
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
