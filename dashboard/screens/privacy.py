"""Blocks of the page of privacy: the audit log, how long what points to a person is kept, and erasing one person."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from sqlalchemy import Connection

from dashboard import auth, clock, display, labels, loaders, practice_loaders, privacy_actions
from dashboard.changes import Change, Shown
from dashboard.formats import local, plural
from dashboard.frame import View
from dashboard.screens import changing
from data_access import retention
from data_access.audit import Tampered
from data_access.retention import Due
from data_access.vocabulary import AuditKind, Ending

_LINES = 500
_EXAMPLES = 10
_ENDINGS = {
    Ending.VISITED: "Came to the visit",
    Ending.NOT_VISITED: "Ended without a visit",
    Ending.NOT_A_LEAD: "Closed as duplicate, spam, test or mistake",
}
_DUE = "privacy_due"


# ---------------------------------------------------------------- the audit log


def audit(view: View) -> None:
    """Who signed in, saw, changed or took away what, the newest first."""
    staff = {person["id"]: person["name"] for person in practice_loaders.entries("staff")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.selectbox(
            "Who",
            [None, *staff],
            key="privacy_who",
            width=240,
            format_func=lambda one: staff[one] if one else "Everybody",
        )
        kind = st.selectbox(
            "What", [None, *AuditKind], key="privacy_what", width=240,
            format_func=lambda one: labels.word(one) if one else "Everything",
        )  # fmt: skip
        lead = st.number_input("Inquiry", min_value=1, value=None, step=1, key="privacy_lead", width=160)
    found = privacy_actions.audit_lines(
        loaders.database(), view.viewer, limit=_LINES, lead_id=int(lead) if lead else None, staff_id=who, kind=kind
    )
    if not found:
        st.info("Nothing of this kind is in the log.", icon=":material/search_off:")
    else:
        shown = [
            {
                "No.": line["number"],
                "When": f"{local(line['at'], view.zone):%a %d %b %Y, %H:%M:%S}",
                "Who": line["who"] or "Nobody of the staff",
                "What": labels.word(AuditKind(line["kind"])),
                "About": line["about"] + (f" {line['lead_id']}" if line["lead_id"] else ""),
                "From": line["address"] or "not known",
            }
            for line in found
        ]
        st.dataframe(shown, hide_index=True, alt="The audit log")
        if len(found) == _LINES:
            st.caption(f"The newest {_LINES}. All of them: `handoff audit --limit N`.")
    if st.button("Check that no line was changed", key="privacy_verify", icon=":material/verified:"):
        _verify(view)


def _verify(view: View) -> None:
    try:
        head = privacy_actions.verify_audit(loaders.database(), view.viewer)
    except Tampered as problem:
        st.error(f"The log is not what was once written: {problem}.", icon=":material/error:")
        return
    st.success(f"All {plural(head.number, 'line')} follow from each other.", icon=":material/verified:")
    st.caption(
        f"The last link is `{head.number}:{head.digest}`. Noted elsewhere, it shows later that nothing before it was changed."
    )


# ---------------------------------------------------------------- retention


def rules_shown(connection: Connection, day: Any) -> Shown:
    """For how long leads of each ending keep what points to a person."""
    return {_ENDINGS[ending]: _kept(months) for ending, months in retention.rules_on(connection, day).items()}


def _kept(months: int | None) -> str:
    return f"{plural(months, 'month')} after it ended" if months else "without end"


def keeping(view: View) -> None:
    """How long what points to a person is kept, and what that lets go of now."""
    st.caption(
        "Then a lead's reference, what was promised in a warm introduction, its contact details and their fingerprint are let "
        "go. Everything that is counted stays, and open inquiries keep all."
    )
    st.table(
        [{"Leads that": about, "Keep it": kept} for about, kept in practice_loaders.rules_on(rules_shown, view.today).items()],
        border="horizontal", hide_index=True,
    )  # fmt: skip
    with st.expander("Change a rule", icon=":material/edit:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            ending = (
                st.selectbox(
                    "Leads that", list(Ending), format_func=_ENDINGS.__getitem__, key="privacy_ending", width=320
                )
                or Ending.VISITED
            )
            months = st.number_input(
                "Months", min_value=1, max_value=600, value=None, step=1, key="privacy_months", width=160,
                placeholder="Without end",
            )  # fmt: skip
            day = changing.since(view, "privacy_from")
        kept = int(months) if months else None
        change = Change(
            "How long leads are kept", lambda c: retention.set_rule(c, ending, kept, effective_from=day), rules_shown, day,
            auth.ERASE,
        )  # fmt: skip
        changing.offer(view, "retention", change)
    if st.button("See what would go now", key="privacy_dry_run", icon=":material/preview:"):
        st.session_state[_DUE] = privacy_actions.due(loaders.database(), view.viewer, clock.now(), view.today)
    found: list[Due] | None = st.session_state.get(_DUE)
    if found is not None:
        _let_go(view, found)


def _let_go(view: View, found: Sequence[Due]) -> None:
    total = sum(len(one.leads) for one in found)
    if not total:
        st.info("By these rules nothing is let go of now.", icon=":material/done_all:")
        return
    rows = [
        {
            "Leads that": _ENDINGS[one.ending],
            "Longer ago than": plural(one.months, "month"),
            "Leads": len(one.leads),
            "For example": ", ".join(map(str, one.leads[:_EXAMPLES])),
        }
        for one in found
    ]
    st.table(rows, border="horizontal", hide_index=True)
    st.markdown(f"This cannot be undone. **{plural(total, 'lead')}** would be let go of.")
    if st.button(f"Let go of {total:,} now", key="privacy_let_go", type="primary"):
        done, bar = 0, st.progress(0.0)
        try:
            for one in found:
                for some in privacy_actions.let_go(loaders.database(), view.viewer, one, clock.now(), view.today):
                    done += some
                    bar.progress(min(done / total, 1.0), f"{done:,} of {total:,}")
        except auth.NotDone as problem:
            st.error(f"{problem} {plural(done, 'lead')} of {total:,} are done.", icon=":material/error:")
            return
        finally:
            st.session_state.pop(_DUE)
        bar.empty()
        st.success(f"Nothing points to a person any more on {plural(done, 'lead')}.", icon=":material/check:")


# ---------------------------------------------------------------- one person


def person(view: View) -> None:
    """Erase what points to one person, on all inquiries that are known to be theirs."""
    st.caption(
        "When somebody asks for it. An inquiry that is still open is closed first. What is counted stays; backups that were "
        "made before still hold it, until they are thrown away."
    )
    number = st.number_input("One of their inquiries", min_value=1, value=None, step=1, key="privacy_person", width=200)
    if not number:
        return
    rows = privacy_actions.person_of(loaders.database(), view.viewer, int(number))
    if not rows:
        st.info("There is no such inquiry.", icon=":material/search_off:")
        return
    st.markdown(
        f"**{plural(len(rows), 'inquiry', 'inquiries')}** of this person, as far as is known: merged into one, or with "
        "the same contact. Others with the same reference are not found by themselves: erase them one by one."
    )
    display.lead_table(rows)
    if st.button("Erase what points to this person", key="privacy_erase", type="primary"):
        try:
            done = privacy_actions.erase(loaders.database(), view.viewer, [row["id"] for row in rows], clock.now())
        except (ValueError, auth.NotDone) as problem:
            st.error(str(problem), icon=":material/error:")
            return
        st.success(f"Erased on {plural(done, 'inquiry', 'inquiries')}. This cannot be undone.", icon=":material/check:")
