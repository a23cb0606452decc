#!/usr/bin/env python3
"""Receives damsync's events. Usage: WEBHOOK_SECRET=whsec_... example_receiver.py PORT (0: any free one)"""
import base64, hashlib, hmac, http.server, json, os, sys, threading, time

KEYS = [base64.b64decode(s.removeprefix("whsec_")) for s in os.environ["WEBHOOK_SECRET"].split()]
seen, revisions = set(), {}  # a CMS keeps both in its database, and writes them with what the event changes
one_at_a_time = threading.Lock()  # calls come in parallel, here to a thread each


def verified(headers, body):
    event_id, sent_at = headers["webhook-id"] or "", headers["webhook-timestamp"] or ""
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > 300:
        return False  # somebody replays an old call
    text = event_id.encode() + b"." + sent_at.encode() + b"." + body
    ours = ["v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode() for key in KEYS]
    theirs = (headers["webhook-signature"] or "").split()
    return any(hmac.compare_digest(a, b) for a in ours for b in theirs)


def take(event):
    data, subject = event["data"], event.get("subject")
    asset = (event["source"], subject)  # two accounts may hold the same asset, each with revisions of its own
    if event["id"] in seen or (subject and data["revision"] <= revisions.get(asset, 0)):
        return  # events may come twice, and after a replay late
    print(event["type"], subject or data["account"] or "", data["revision"], ",".join(data["fields"]), flush=True)
    seen.add(event["id"])
    revisions[asset] = data["revision"]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not verified(self.headers, body):
            return self.send_error(401)
        with one_at_a_time:
            take(json.loads(body))
        self.send_response(204)  # whatever is not 2xx comes again
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print("listening on", server.server_port, flush=True)
server.serve_forever()
