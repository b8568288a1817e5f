"""What the configuration beside this file cannot say."""

import os
import re

import schemathesis

KEPT = set(os.environ["SLUICE_KEPT"].split())
ITEM = re.compile(r"[0-9a-f]{24}\Z")
URL = re.compile(r"https?://", re.IGNORECASE)


# Bytes under another name.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


def own(value):
    """Every well-formed URL becomes that of a file of the gateway itself, so that nothing outside is ever asked."""
    return os.environ["SLUICE_URL"] if isinstance(value, str) and URL.match(value) else value


def item(case):
    """The item that a call is about: edits need a draft, reports one that is none."""
    kind = "VIDEO" if "/videos/" in case.operation.path else "IMAGE"
    is_edit = case.method == "PATCH" and "/platforms/" not in case.operation.path
    return os.environ[f"SLUICE_{kind}_DRAFT" if is_edit else f"SLUICE_{kind}"]


# Bytes, as they are.
schemathesis.serializer.alias("application/partial-upload", "application/octet-stream")


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    name = str((case.path_parameters or {}).get("id"))
    if case.method == "DELETE" and name in KEPT:
        case.path_parameters = {**case.path_parameters, "id": "gone"}
    if case.method in ("GET", "PATCH") and re.search(r"/media/(images|videos)/", path) and ITEM.match(name):
        case.path_parameters = {**case.path_parameters, "id": item(case)}
    body = case.body
    if path in ("/api/media/urlExists", "/api/post") and isinstance(body, dict):
        body = dict(body)
        for member in ("mediaUrl", "mediaUrls"):
            if isinstance(body.get(member), list):
                body[member] = [own(entry) for entry in body[member]]
            elif member in body:
                body[member] = own(body[member])
        case.body = body
