#!/usr/bin/env python3
"""`serve` and `train` of a small image, which says its word; copies to a folder what such an image needs."""

import os
import shutil
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import urlopen


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.respond(b"")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.respond(os.environ["WORD"].encode())

    def respond(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def copy(root):
    """The interpreter, and the modules and libraries that serving a request has loaded."""
    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    os.environ["WORD"] = "any"
    urlopen(f"http://127.0.0.1:{server.server_port}", data=b"1").read()
    maps = Path("/proc/self/maps").read_text().splitlines()
    libraries = {line.split()[-1] for line in maps if "/" in line and ".so" in line}
    modules = {module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)}
    for file in libraries | modules | {sys.executable}:
        target = root / file.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(file).resolve(), target)
    (root / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    for name in ("serve", "train"):
        program = root / "usr/local/bin" / name
        program.write_text(f"#!{sys.executable} -I\n{Path(__file__).read_text()}")
        program.chmod(0o755)


command = Path(sys.argv[0]).name
if command == "train":
    print("trained by", os.environ["WORD"])
elif command == "serve":
    # All addresses of its container; the engine publishes the port on 127.0.0.1.
    HTTPServer(("0.0.0.0", 8080), Handler).serve_forever()  # noqa: S104
else:
    copy(Path(sys.argv[1]))
