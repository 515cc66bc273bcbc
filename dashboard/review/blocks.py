"""The blocks of a weekly review, each counted, measured, and said in a sentence or two."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import pandas as pd

from dashboard import capacity_reports, reports, signals
from dashboard.formats import minutes, percent, plural, stand_out, week
from dashboard.labels import STAGES, called, word
from dashboard.metrics import demand, referral_volume
from dashboard.metrics.trends import COMMON
from dashboard.review.document import Block, Drawn, Tone, count, mean, share, table_of, text, waits
from dashboard.review.sources import Sources
from dashboard.series import SERIES, trend
from data_access import slots
from data_access.counted import Promise, Standing
from data_access.days import week_number, week_start
from data_access.promises import Targets
from data_access.reviews import Action
from data_access.tally import narrower
from data_access.units import STALLED_DAYS
from data_access.vocabulary import ActionEnding, Pathway, code

COHORT, ITEMS = 4, 8
"""Weeks of the matured funnel, and over which missing records are added up."""


def numbers(s: Sources) -> Block:
    """The headline numbers, and which of them differ from the practice's own past."""
    found = tuple(s.numbers.values())
    loud = [one.title.lower() for one in found if one.signal == "signal"]
    looks = [one.title.lower() for one in found if one.signal == "look"]
    said = f"**{len(loud)} of {len(found)}** numbers show a signal" + (f": {', '.join(loud)}." if loud else ".")
    said += f" Worth a look: {', '.join(looks)}." if looks else ""
    return Block("numbers", "The week in numbers", (said,), "trends", numbers=found)


def _named(s: Sources, name: str) -> str:
    """A headline number in a sentence that names it."""
    return f"{s.numbers[name].title}: {s.numbers[name].said}"


# ---------------------------------------------------------------- actions


def actions(s: Sources) -> Block:
    """What earlier reviews decided: what is open, what was done, and what its number did since."""
    decided = [one for one in s.actions if one.week < s.week]
    columns = (text("text", "Action"), text("owner", "Owner"), text("due", "Due"), text("stands", "Stands"),
               text("about", "About"), text("since", "Since then"))  # fmt: skip
    rows = [
        {"text": one.text, "owner": one.owner, "due": f"{one.due_on:%d %b}", "stands": stands(one, s.today),
         "about": about(one, s.names), "since": since(one, s)}
        for one in decided
    ]  # fmt: skip
    tables = (table_of("actions", "Actions", columns, rows),) if rows else ()
    return Block(
        "actions",
        "Last week's actions",
        (tally_of(decided, s.today),),
        "weekly_review",
        tables=tables,
    )


def tally_of(actions_: Sequence[Action], today: date) -> str:
    """How many actions are open, overdue and done, in a sentence."""
    if not actions_:
        return "No action was carried over."
    open_ = [one for one in actions_ if one.ending is None]
    late = sum(one.due_on < today for one in open_)
    done = sum(one.ending == ActionEnding.DONE for one in actions_)
    return (
        f"**{len(open_)}** open"
        + (f", {late} of them overdue" if late else "")
        + f"; {done} done since the last review."
    )


def stands(action: Action, today: date) -> str:
    """How an action stands, in a word."""
    if action.ending:
        return word(action.ending)
    return "Overdue" if action.due_on < today else "Open"


def about(action: Action, names: Callable[[str], Mapping[int, str]]) -> str:
    """What an action is about: its number, and where or with whom."""
    parts = [SERIES[action.series].title] if action.series else []
    parts += [names("location").get(action.location_id, "?")] if action.location_id else []
    parts += [names("partner").get(action.partner_id, "?")] if action.partner_id else []
    return ", ".join(parts)


def since(action: Action, s: Sources) -> str:
    """What the action's number did since the week that decided it; empty without one."""
    if not action.series or action.week >= s.week:
        return ""
    where = {"location": (action.location_id,)} if action.location_id else {}
    who = {"partner": (action.partner_id,)} if action.partner_id else {}
    found = trend(action.series, s.asked(**where, **who))
    over = week_start(action.week + 1) - timedelta(days=s.horizon if found.series.waits else 0)
    then = found.table[found.table["week"] < week_number(over)]  # what that review could see
    if not len(then):
        return "no week yet"
    before, now = (signals.number(part["value"].iloc[-1], found.series) or "none" for part in (then, found.table))
    last = found.table.iloc[-1]
    return f"{before} → {now}" + (", as usual" if last["judged"] and last["label"] == COMMON else "")


# ---------------------------------------------------------------- response


_BY_PROMISE = (
    count("judged", "Due"), count("met", "In time", Tone.GOOD), count("late", "Late", Tone.BAD),
    count("overdue", "Never answered", Tone.CONTEXT), share("rate", "Share", "met", "judged"),
)  # fmt: skip


def response(s: Sources) -> Block:
    """Whether the inquiries whose time was up this week were answered in time, by location and channel."""
    tables, said = [], [_named(s, "in_time")]
    for by, title in (("location", "Location"), ("channel", "Channel")):
        found = reports.response(
            s.count, s.between(s.week, s.week), s.scope, ["due_week", by], targets=Targets(()), today=s.today
        ).table
        found = found[(found["due_week"] == s.week) & (found["judged"] > 0)]
        found = found.assign(name=called(s.names(by), found[by]))
        if len(found):
            rows = found.to_dict("records")
            columns = (text("name", title), *_BY_PROMISE)
            tables.append(table_of(by, f"By {title.lower()}", columns, rows, drawn=Drawn.STACK))
        if by == "location" and len(found) > 1:
            said.append(stand_out(found, found["name"].tolist(), "met", "judged", "in time"))
    if waiting := unanswered(s):
        said.append(f"**{plural(waiting, 'inquiry', 'inquiries')}** past the promised time and still unanswered.")
    half = s.numbers["half_answered"].now
    if half and half.value is not None:
        said.append(f"Half were answered within {minutes(half.value)} of staffed time.")
    return Block("response", "Response", tuple(said), "response_times", tables=tuple(tables))


def unanswered(s: Sources) -> int:
    """Open leads past the promised time that nobody answered, whenever they were received."""
    where = narrower(s.filters.where(s.scope), response=(Promise.OVERDUE,), state=(Standing.OPEN,))
    return int(s.count([], where)["count"].sum())


# ---------------------------------------------------------------- stalls and records


def stalls(s: Sources) -> Block:
    """Where open leads stall and why, and which records do not come."""
    found = reports.stalls(s.count, s.filters, s.scope).table
    stalled, open_ = int(found["stalled"].sum()), int(found["open"].sum())
    said = [f"**{stalled:,} of {open_:,}** open leads have stood in their stage for more than {STALLED_DAYS} days."]
    worst = found[found["stalled"] > 0].sort_values("stalled", ascending=False).head(5)
    worst = worst.assign(
        at=[STAGES[stage] for stage in worst["stage"]], waits=called(s.names("waits_for"), worst["waits_for"])
    )
    rows, tables = worst.to_dict("records"), []
    if rows:
        most = rows[0]
        said.append(f"Most, {most['stalled']:,}, stand at {most['at'].lower()} and wait for: {most['waits'].lower()}.")
        columns = (
            text("at", "Stage"),
            text("waits", "Waits for"),
            count("open", "Open"),
            count("stalled", "Stalled", Tone.BAD),
        )
        tables.append(table_of("stalls", "Where leads stall", columns, rows, drawn=Drawn.STACK))
    said.append(_named(s, "complete"))
    missing = reports.missing_items(s.count, s.between(s.week - ITEMS + 1, s.week), s.scope).table
    missing = missing[missing["missing"] > 0].sort_values("missing", ascending=False)
    items = missing.assign(name=called(s.names("item"), missing["item"])).to_dict("records")
    if items:
        said.append(f"Most often missing over {ITEMS} weeks: {items[0]['name'].lower()}.")
        columns = (text("name", "Record"), count("needed", "Needed"), count("missing", "Missing", Tone.BAD),
                   share("rate", "Share", "missing", "needed"))  # fmt: skip
        tables.append(table_of("missing", f"Missing on arrival, {ITEMS} weeks", columns, items, drawn=Drawn.STACK))
    return Block("stalls", "Stalls and records", tuple(said), "stalls", tables=tuple(tables))


# ---------------------------------------------------------------- matured funnel


def funnel(s: Sources) -> Block:
    """How far the youngest weeks came that are old enough to be judged."""
    last = week_number(s.today - timedelta(days=s.horizon)) - 1
    cohort = s.between(last - COHORT + 1, last)
    weeks = f"received in {week(last - COHORT + 1)} to {week(last)}, each given {s.horizon} days or more"
    whole = reports.funnel(s.count, cohort, s.scope).table
    captured = int(whole["reached"].iloc[0]) if len(whole) else 0
    if not captured:
        return Block("funnel", "Matured funnel", (f"No lead headed for a visit was {weeks}.",), "funnel")
    ways = reports.funnel(s.count, cohort, s.scope, ["pathway"]).table
    by_way = {(row["pathway"], row["stage"]): row["reached"] for row in ways.to_dict("records")}
    rows = [
        row | {"name": STAGES[row["stage"]], "captured": captured, "on": row["reached"] - row["waiting"] - row["lost"]}
        | {str(way): by_way.get((code(way), row["stage"]), 0) for way in Pathway}
        for row in whole.to_dict("records")
    ]  # fmt: skip
    columns = (
        text("name", "Stage"), count("captured", "Captured", shown=False), count("reached", "Came this far"),
        share("of_captured", "Of captured", "reached", "captured"), count("on", "Went on", Tone.GOOD, shown=False),
        count("waiting", "Waiting here", Tone.OPEN), count("lost", "Lost here", Tone.BAD),
        *(count(str(way), word(way)) for way in Pathway),
    )  # fmt: skip
    seen, lost = rows[-1], max(rows, key=lambda row: row["lost"])
    said = [f"Of **{captured:,}** leads {weeks}, **{seen['reached']:,}** ({percent(seen['of_captured'])}) were seen."]
    said += (
        [f"Most, {lost['lost']:,}, were lost after they had come to: {lost['name'].lower()}."] if lost["lost"] else []
    )
    said += [_named(s, name) for name in ("booked", "seen")]
    table = table_of("funnel", "Matured funnel", columns, rows, divisible=False, drawn=Drawn.STACK)
    return Block("funnel", "Matured funnel", tuple(said), "funnel", tables=(table,))


# ---------------------------------------------------------------- partners


_CHANGES = {
    referral_volume.LAPSED: "lapsed", referral_volume.FEWER: "sending fewer", referral_volume.MORE: "sending more",
    referral_volume.NEW: "new",
}  # fmt: skip
"""What is told of partners, in this order."""


def partners(s: Sources) -> Block:
    """Whose referrals changed beyond chance."""
    found = reports.referral_volume(s.count, s.filters, s.scope, today=s.today).table
    order = {change: place for place, change in enumerate(_CHANGES)}
    changed = found[found["change"].isin(order)]
    changed = changed.assign(order=changed["change"].map(order), name=called(s.names("partner"), changed["partner"]))
    answered = reports.response(
        s.count, s.between(s.week - reports.WEEKS_RECENT - reports.WEEKS_BEFORE + 1, s.week), s.scope, ["partner"],
        targets=Targets(()), today=s.today,
    ).table  # fmt: skip
    changed = changed.merge(answered[["partner", "met", "judged", "rate"]], how="left", on="partner")
    changed = changed.fillna({"met": 0, "judged": 0}).astype({"met": "int64", "judged": "int64"})
    rows = changed.sort_values(["order", "recent"], ascending=[True, False]).to_dict("records")
    counted = changed["change"].value_counts()
    said = ", ".join(f"**{counted[change]}** {told}" for change, told in _CHANGES.items() if change in counted)
    columns = (
        text("name", "Partner"), text("change", "Change"), count("recent", f"Last {reports.WEEKS_RECENT} weeks", Tone.GOOD),
        mean("expected", "Expected", Tone.CONTEXT), count("before", f"{reports.WEEKS_BEFORE} weeks before"),
        count("judged", "Due"), count("met", "In time"), share("rate", "Answered in time", "met", "judged"),
    )  # fmt: skip
    said = f"Beyond chance: {said}." if said else "No partner's referrals changed beyond chance."
    tables = (table_of("partners", "Partners that changed", columns, rows, drawn=Drawn.PAIR),) if rows else ()
    return Block("partners", "Partners changed beyond chance", (said,), "partners", tables=tables)


# ---------------------------------------------------------------- capacity


STANDS = {
    demand.GROWS: "Does not fit", demand.BOOKED_UP: "Booked up", demand.LATE: "Long wait", demand.FITS: "Fits",
}  # fmt: skip


def capacity(s: Sources) -> Block:
    """Whether the openings of the weeks ahead hold what is ready for an appointment."""
    title = f"Capacity for the next {capacity_reports.OPENINGS_WEEKS} weeks"
    found = capacity_reports.demand(
        s.count, s.filters, s.scope, slots=s.slots, plan=s.plan, today=s.today, horizon=s.horizon
    ).table
    kept = found[found["warning"] != demand.NOT_KEPT]
    if not len(kept):
        said = "No openings for new patients are known: whether what is promoted can be scheduled is not known."
        return Block("capacity", title, (said,), "capacity")
    kept = kept.assign(order=kept["warning"].map(list(STANDS).index))  # what needs a decision first
    kept = kept.sort_values(["order", "ready_a_week", *slots.SLOT_KEYS], ascending=[True, False, True, True])
    rows = kept.assign(where=places(kept, s.names), stands=kept["warning"].map(STANDS)).to_dict("records")
    columns = (
        text("where", "Location, service line"), mean("ready_a_week", "Ready a week", Tone.GOOD),
        mean("offered_a_week", "Openings a week", Tone.CONTEXT), count("waiting", "Waiting now"), count("open", "Free"),
        waits("wait_days", "Next waits, days"), text("stands", "Stands"),
    )  # fmt: skip
    return Block(
        "capacity", title, short_of_openings(kept), "capacity",
        tables=(table_of("capacity", "Capacity and demand", columns, rows, drawn=Drawn.PAIR),),
    )  # fmt: skip


def places(table: pd.DataFrame, names: Callable[[str], Mapping[int, str]]) -> list[str]:
    """What the rows of the demand are called: location and service line."""
    lines = {**names("service_line"), 0: "any service line"}
    pairs = zip(called(names("location"), table["location"]), called(lines, table["service_line"]), strict=True)
    return [", ".join(pair) for pair in pairs]


def short_of_openings(kept: pd.DataFrame) -> tuple[str, str]:
    """What becomes ready against what is offered, and where it does not fit."""
    ready, offered = kept["ready_a_week"].sum(), kept["offered_a_week"].sum()
    over, late = (int(kept["warning"].isin(some).sum()) for some in ((demand.GROWS,), (demand.LATE, demand.BOOKED_UP)))
    short = [f"**{over}** {'takes' if over == 1 else 'take'} in more than fits"] if over else []
    if late:
        short.append(f"**{late}** {'more ' if over else ''}{'has' if late == 1 else 'have'} a long wait")
    fits = "Every location and service line holds what comes."
    if short:
        fits = (
            f"Of {plural(len(kept), 'location and service line', 'locations and service lines')}, {' and '.join(short)}"
        )
        fits += ": look before anything is promoted there."
    return f"**{ready:.0f}** leads a week become ready, **{offered:.0f}** openings a week are offered.", fits
