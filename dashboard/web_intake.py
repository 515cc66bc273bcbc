"""POST /api/inquiries: the website's forms log inquiries here, signed, once, and by the same rules as the form on the page."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from dashboard import actions, auth, clock, forms, oidc, settings
from dashboard.formats import plain
from dashboard.forms import Inquiry
from data_access import engine as databases
from data_access import partners, practice, web_forms
from data_access import tables as t
from data_access.engine import reading, writing
from data_access.lead_rules import Doubtful, NotPossible
from data_access.vocabulary import Asker, Channel, Kind, PartnerCategory
from data_access.web_forms import WebSource

MOST_BYTES = 64_000
MOST_SECONDS_OFF = 300
"""How far a post's time may lie from ours; an older one may be somebody's copy."""
FIELDS = (
    "form", "kind", "location", "partner", "partner_category", "service_line", "source", "campaign", "topic", "reference",
    "asker", "priority", "expectations", "clinician", "sure",
)  # fmt: skip
_FORMS = {"clinician": Asker.CLINICIAN, "patient": Asker.PATIENT}


@dataclass(frozen=True)
class Answer:
    """What a post is answered with. `kept`: why it was refused, where it is kept for a look."""

    status: int
    said: Mapping[str, Any]
    kept: str | None = None


async def inquiries(request: Request) -> JSONResponse:
    """Take one post; see docs/web-forms.md."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return JSONResponse({"error": f"larger than {MOST_BYTES} bytes"}, 413)
    try:
        answer = await run_in_threadpool(_take, dict(request.headers), body)
    except (
        sa.exc.OperationalError
    ):  # away, or busy for too long: nothing was saved, and whoever posts may send it again
        answer = Answer(503, {"error": "the database does not answer; send it again"})
    retry = {"retry-after": "60"} if answer.status in (429, 503) else None
    return JSONResponse(dict(answer.said), answer.status, headers=retry)


def _take(headers: Mapping[str, str], body: bytes) -> Answer:
    secret = settings.read("HANDOFF_WEB_SECRET")
    if not secret:
        return Answer(503, {"error": "web forms are not set up here"})
    with databases.opened(settings.database_url()) as engine:
        try:
            with reading(engine) as connection:
                oidc.require_servable(practice.get(connection))
        except auth.SignInMissing:
            return Answer(503, {"error": "this practice is not served here yet"})
        return take(engine, secret, headers, body, clock.now())


def take(engine: Engine, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Answer:
    """Check who posts, log the inquiry, and say what became of it.

    What is signed and refused is kept for a look; what is not signed by one of the practice's own forms is not.

    Parameters
    ----------
    headers : mapping
        With lower-case names: x-handoff-source, x-handoff-timestamp (seconds since 1970), x-handoff-signature (hex),
        idempotency-key.
    """
    name, stamp = headers.get("x-handoff-source", ""), headers.get("x-handoff-timestamp", "")
    once, signed = headers.get("idempotency-key", ""), headers.get("x-handoff-signature", "")
    with reading(engine) as connection:
        source = web_forms.find(connection, name)
        lately = web_forms.recent(connection, source, now) if source else 0
    # An unknown source is signed against nobody's key, so that its answer takes as long and says as much.
    key = web_forms.key_of(secret, source or WebSource(0, name, 0))
    if not hmac.compare_digest(signed.encode(), web_forms.signature(key, stamp, once, body).encode()) or not source:
        return Answer(401, {"error": "the signature does not fit; see how posts are signed"})
    if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > MOST_SECONDS_OFF:
        return Answer(401, {"error": f"the timestamp is more than {MOST_SECONDS_OFF} seconds from our clock"})
    if not 8 <= len(once) <= 64:
        return Answer(400, {"error": "give each inquiry an Idempotency-Key of 8 to 64 characters"})
    if lately >= web_forms.MOST_A_MINUTE:
        return Answer(429, {"error": f"more than {web_forms.MOST_A_MINUTE} posts within a minute; try again later"})
    try:
        with writing(engine) as connection:
            web_forms.in_turn(connection, source)
            answer = _log(connection, source, once, body, now)
            if not answer.kept:
                return answer
    except (Doubtful, NotPossible) as error:
        field = error.field if isinstance(error, Doubtful) else ""
        answer = Answer(409, {"errors": {field or "inquiry": str(error)}}, kept=str(error))
    with writing(engine) as connection:
        web_forms.keep(connection, source, once, body, now, refused_because=answer.kept)
    return answer


def _log(connection: Connection, source: WebSource, once: str, body: bytes, now: datetime) -> Answer:
    if before := web_forms.accepted(connection, source, once):
        if before["body_digest"] != hashlib.sha256(body).hexdigest():
            text = "this Idempotency-Key was used for another inquiry"
            return Answer(409, {"error": text}, kept=text)
        return Answer(200, {"inquiry": before["lead_id"]})
    parsed = parse(connection, body, now)
    if not isinstance(parsed, Inquiry):
        return Answer(422, {"errors": parsed}, kept="; ".join(f"{name}: {text}" for name, text in parsed.items()))
    key = hashlib.sha256(f"web|{source.id}|{once}".encode()).hexdigest()
    logged = actions.save_inquiry(connection, parsed, key=key, staff_id=None, now=now)
    if logged.again:
        return Answer(200, {"inquiry": logged.lead_id})
    web_forms.keep(connection, source, once, body, now, lead_id=logged.lead_id)
    due = logged.respond_by.isoformat() if logged.respond_by else None
    return Answer(201, {"inquiry": logged.lead_id, "respond_by": due})


def parse(connection: Connection, body: bytes, now: datetime) -> Inquiry | forms.Errors:
    """The inquiry that a post describes, or a message per field that is wrong.

    Names of locations, partners, service lines, sources and campaigns are those of the practice; a partner that is not on
    the list is added, of the category that is given.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {"body": "This is no JSON."}
    if not isinstance(said, dict):
        return {"body": "Give an object with the fields of the form."}
    errors = {str(name)[:40]: f"Not a field; known are {', '.join(FIELDS)}." for name in said if name not in FIELDS}
    for name, value in said.items():
        if name in FIELDS and not isinstance(value, bool if name == "sure" else str | None):
            errors[name] = "Give true or false." if name == "sure" else "Give a text."
    if said.get("form") not in _FORMS:
        errors["form"] = f"Say which form it is: {' or '.join(_FORMS)}."
    if errors:
        return errors
    raw: dict[str, Any] = {
        "channel": Channel.WEB_FORM, "kind": said.get("kind") or Kind.SCHEDULING, "when": forms.NOW,
        "asker": said.get("asker") or _FORMS[said["form"]], "priority": said.get("priority"), "topic": said.get("topic"),
        "reference": said.get("reference"), "expectations": said.get("expectations"), "sure": said.get("sure"),
        "sure_partner": said.get("sure"),
        "category": said.get("partner_category"),
    }  # fmt: skip
    lists = {
        "location": t.locations,
        "service_line": t.service_lines,
        "source": t.sources,
        "campaign": t.campaigns,
        "clinician": t.staff,
    }
    for name, table in lists.items():
        if typed := (said.get(name) or "").strip():
            known = {entry["name"].casefold(): entry["id"] for entry in practice.active(connection, table)}
            raw[name] = known.get(typed.casefold())
            if raw[name] is None:
                errors[name] = f"{typed[:60]!r} is not one of ours."
    if (partner := (said.get("partner") or "").strip()) and partner != plain(partner):
        errors["partner"] = "Give the name alone, without signs such as [ ] < > * _ @ or an address."
    elif partner:
        raw["partner"] = partners.find(connection, partner) or partner
    places = practice.active(connection, t.locations)
    if not said.get("location") and len(places) == 1:
        raw["location"] = places[0]["id"]
    zone = next((place["zone"] for place in places if place["id"] == raw.get("location")), "UTC")
    merged = partners.roots(connection)
    known_partners = {
        p["id"]: PartnerCategory(p["category"])
        for p in practice.entries(connection, t.partners) if p["active"] or p["id"] in merged
    }  # fmt: skip
    parsed = forms.parse_inquiry(raw, zone=zone, now=now, partner_categories=known_partners)
    if not isinstance(parsed, Inquiry):
        parsed = {("partner_category" if name == "category" else name): text for name, text in parsed.items()}
        return errors | parsed
    return errors or parsed
