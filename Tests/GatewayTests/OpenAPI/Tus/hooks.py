"""The uploads that rules.yaml speaks of, and those rules of tus that no description can hold."""

import itertools
import os
import re

import requests
import schemathesis

PREFIX = "/files/"
FIELDS = {"X-API-Key": os.environ["SLUICE_KEY"], "Tus-Resumable": "1.0.0"}
BYTES_TYPE = "application/offset+octet-stream"
HERE = b"0123456789" * 4
KEPT = {}
LENGTH, DEFERRAL, CONCAT, CHECKSUM = "Upload-Length", "Upload-Defer-Length", "Upload-Concat", "Upload-Checksum"
# Fields of a creation that contradict one another would hide all else: what each creation does without, in turn.
LEFT_OUT = itertools.cycle(
    [[], [DEFERRAL], [LENGTH], [DEFERRAL, CONCAT, CHECKSUM], [DEFERRAL, CONCAT], [LENGTH, CONCAT, CHECKSUM]])

schemathesis.serializer.alias(BYTES_TYPE, "application/octet-stream")


def ask(method, path, fields=None, body=None):
    typed = {"Content-Type": BYTES_TYPE} if body else {}
    return requests.request(
        method, os.environ["SLUICE_BASE"] + path, headers={**FIELDS, **typed, **(fields or {})}, data=body, timeout=30)


def created(fields, body=None):
    answer = ask("POST", "/files", fields, body)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].rsplit("/", 1)[1]


def piece(length):
    return created({"Upload-Concat": "partial", "Upload-Length": str(length)}, HERE)


def joined(*pieces):
    name = created({"Upload-Concat": "final;" + " ".join(PREFIX + piece for piece in pieces)})
    for _ in range(10000):
        if "Upload-Offset" in ask("HEAD", PREFIX + name).headers:
            return name
    raise AssertionError("the pieces are not put together")


def ended():
    name = created({"Upload-Length": "100"}, HERE)
    assert ask("DELETE", PREFIX + name).status_code == 204
    return name


MAKE = {
    "begun": lambda: created({"Upload-Length": "100", "Upload-Metadata": "word aGk=,empty"}, HERE),
    "unsized": lambda: created({"Upload-Defer-Length": "1"}, HERE),
    "piece": lambda: piece(100),
    "joined": lambda: joined(piece(40), piece(40)),
    "waiting": lambda: created({"Upload-Concat": f"final;{PREFIX}{piece(40)} {PREFIX}{piece(100)}"}),
    "whole": lambda: created({"Upload-Length": "40"}, HERE),
    "ended": ended,
    "unknown": lambda: "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
}


def kind(case):
    return case.operation.path[len(PREFIX):].strip("{}")


def upload(case):
    """What is only looked at is made once, and what a request may change for that request."""
    name = kind(case)
    if case.method == "DELETE" or (case.method == "PATCH" and name in ("begun", "unsized", "piece")):
        return MAKE[name]()
    if name not in KEPT:
        KEPT[name] = MAKE[name]()
    return KEPT[name]


@schemathesis.hook
def before_call(context, case, kwargs):
    if kind(case):
        case.path_parameters = {kind(case): upload(case)}
    if case.method == "POST":
        for name in next(LEFT_OUT):
            (case.headers or {}).pop(name, None)
    # Every other request is not about the offset.
    if case.method == "PATCH" and re.fullmatch("[0-9]*[02468]", str((case.headers or {}).get("Upload-Offset"))):
        case.headers["Upload-Offset"] = "40"


@schemathesis.hook
def after_call(context, case, response):
    line = f"{case.method} {case.operation.path} {response.status_code}"
    if line not in KEPT:
        KEPT[line] = line
        with open(os.environ["SLUICE_SEEN"], "a", encoding="utf-8") as seen:
            seen.write(line + "\n")


def must(rule, is_kept):
    if not is_kept:
        raise AssertionError(rule)


def patched(name, path, sent, body, answer):
    """Core protocol, "PATCH"; Checksum; Creation, "Upload-Defer-Length"."""
    after = ask("HEAD", path).headers
    offset = after.get("Upload-Offset")
    if answer.status_code == 204:
        told = answer.headers.get("upload-offset", [None])[0]
        length = sent.get(LENGTH, after.get(LENGTH))
        must("other types than bytes of an upload are refused", sent.get("Content-Type") == BYTES_TYPE)
        must("another offset than the current one is refused", sent.get("Upload-Offset") == "40")
        must("the new offset is the old one and what came", offset == told == str(40 + len(body)))
        must("a digest that the body has not is refused", CHECKSUM not in sent)
        must("a deferred length is kept", after.get(LENGTH) == length)
        is_file = length == offset and name != "piece"
        must("what will expire says when", ("upload-expires" in answer.headers) != is_file)
    elif name in ("begun", "unsized", "piece", "whole"):
        must("what is refused changes nothing", offset == "40")
        number = sent.get("Upload-Offset", "")
        if sent.get("Content-Type") == BYTES_TYPE and number.isdigit() and int(number) != 40:
            if CHECKSUM not in sent and LENGTH not in sent:
                must("another offset is answered with 409", answer.status_code == 409)


def posted(sent, body, answer):
    """Creation, Creation With Upload, Concatenation, Expiration."""
    if answer.status_code != 201:
        return
    must("Upload-Defer-Length is 1", sent.get(DEFERRAL, "1") == "1")
    must("Upload-Concat is partial, or final and a list", sent.get(CONCAT, "partial") == "partial")
    must("the length is told or deferred", (LENGTH in sent) != (DEFERRAL in sent))
    path = PREFIX + answer.headers["location"][0].rsplit("/", 1)[1]
    after = ask("HEAD", path).headers
    if body:
        told = answer.headers.get("upload-offset", [None])[0]
        must("the offset says how much was taken", told == after["Upload-Offset"] == str(len(body)))
    must("HEAD has the length", after.get(LENGTH) == sent.get(LENGTH))
    must("HEAD has the metadata as they came", after.get("Upload-Metadata", "") == sent.get("Upload-Metadata", ""))
    must("HEAD has Upload-Concat as it came", after.get(CONCAT) == sent.get(CONCAT))
    is_file = after.get(LENGTH) == after["Upload-Offset"] and CONCAT not in sent
    must("what will expire says when", ("upload-expires" in answer.headers) != is_file)
    ask("DELETE", path)


@schemathesis.check
def tus_rules(ctx, response, case):
    sent = response.request.headers
    body = response.request.body or b""
    path = PREFIX + next(iter((case.path_parameters or {}).values()), "")
    if case.method == "OPTIONS":
        return
    if sent.get("Tus-Resumable") != "1.0.0":
        must("another version is answered with 412", response.status_code == 412)
    elif case.method == "POST":
        posted(sent, body, response)
    elif case.method == "PATCH":
        patched(kind(case), path, sent, body, response)
    elif case.method == "DELETE" and response.status_code == 204:
        later = ask("HEAD", path)
        must("what was ended is not found", later.status_code in (404, 410))
