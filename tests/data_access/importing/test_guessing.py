"""A mapping is guessed from headings and values, with its reasons; what cannot be told is asked."""

from pathlib import Path
from typing import Any

import pytest

from data_access.importing import guessing, likeness, mapping, profiling, reading
from data_access.importing.files import File
from data_access.importing.guessing import Guess
from tests.cases import SHARED

DATA = SHARED / "data"


def guessed(text: str, **options: Any) -> Guess:
    return of(File.of("file.csv", text.encode()), **options)


def of(file: File, locations: tuple[str, ...] = ("North",)) -> Guess:
    columns = profiling.columns(reading.table(file))
    return guessing.guess(columns, name="file", zone="America/Chicago", locations=locations)


def real(name: str) -> Guess:
    if not (DATA / name).exists():
        pytest.skip(
            "the shared real files are not beside this checkout; the tests above hold the behaviour on made ones"
        )
    return of(File.at(DATA / name))


def columns_of(guess: Guess) -> dict[str, Any]:
    return {name: entry.get("column", entry) for name, entry in guess.data["fields"].items() if "constant" not in entry}


def test_exports_of_known_systems_are_recognised() -> None:
    """By their headings; what they call created is when it was received."""
    salesforce = guessed(
        "Lead Source,First Name,Lead Status,Owner Alias,Created Date\nWeb,T,Open - Not Contacted,jd,2024-06-01\n"
    )
    assert salesforce.data["source_system"] == "salesforce"
    assert columns_of(salesforce) == {"received": "Created Date", "source": "Lead Source", "owner": "Owner Alias"}
    facebook = guessed(
        "id,created_time,ad_name,adset_name,campaign_name,form_name,platform\nl:1,2024-06-01 08:12:34,a,b,c,d,fb\n"
    )
    assert facebook.data["source_system"] == "facebook"
    assert (columns_of(facebook)["received"], columns_of(facebook)["source"]) == ("created_time", "platform")


def test_a_column_of_yes_and_no_is_read_by_what_it_is_called() -> None:
    """No-show = No means that the person came; the appointment's day says when."""
    made = guessed("Case,Created,Appointment date,No-show\n1,2026-01-05,2026-01-09,No\n2,2026-01-06,2026-01-12,Yes\n")
    fields = made.data["fields"]
    assert fields["attended"] == {"column": "Appointment date", "when": {"No-show": ["No"]}}
    assert fields["no_show"] == {"column": "Appointment date", "when": {"No-show": ["Yes"]}}
    assert made.reasons["attended"] == "'No-show' says 'No'; 'Appointment date' says when"


def test_only_who_has_an_appointment_is_booked() -> None:
    """Where no column says when that was: with the inquiry."""
    made = guessed(
        "Id,Created,Appointment date\n" + "".join(f"{n},2026-01-05,2026-01-09\n" for n in range(20)) + "20,2026-01-06,-"
    )
    assert made.data["fields"]["booked"] == {"column": "Created", "when": {"Appointment date": True}}
    assert made.data["empty"] == ["-"]
    booked = mapping.parse(made.data).fields["booked"]
    rows = [{"Created": "2026-01-05", "Appointment date": visit} for visit in ("2026-01-09", "-", "")]
    assert [booked.applies(row) for row in rows] == [True, False, False]


def test_a_status_without_a_date_is_asked_about() -> None:
    """A step is not dated by a guess; values that mean nothing known are asked about too."""
    made = guessed("Id,Created,Status\n1,2026-01-05,Contacted\n2,2026-01-06,Flurble\n3,2026-01-07,New\n")
    assert set(columns_of(made)) == {"id", "received"}
    assert made.questions == [
        "What do 'Flurble' in 'Status' mean? They are left out so far.",
        "'Status' says 'Contacted', and no column says when. Choose a date for each step, or leave it out.",
    ]


def test_a_status_tells_which_closed_dates_count_and_why() -> None:
    """Those of rows that are closed; rejected ones as not eligible."""
    made = guessed("Id,Opened,Closed,Status\n1,2026-01-05,2026-02-05,Rejected\n2,2026-01-06,2026-02-06,Pending\n")
    when = {"Status": ["Rejected"]}
    assert made.data["fields"]["closed"] == {"column": "Closed", "when": when}
    assert made.data["fields"]["close_reason"]["values"] == {"Rejected": "not_eligible"}


def test_a_log_of_events_is_recognised() -> None:
    """Several rows for one case, with what happened and when."""
    made = guessed(
        "case:concept:name,concept:name,org:resource,time:timestamp\n"
        "c1,Called,Ada,2026-01-05 09:00:00\nc1,Resolved,Bob,2026-01-06 09:00:00\nc2,Called,Ada,2026-01-05 10:00:00\n"
    )
    assert made.data["log"] == {"lead": "case:concept:name", "event": "concept:name", "at": "time:timestamp"}
    assert columns_of(made) == {"received": "first", "attempted": "first Called", "attended": "first Resolved"}


def test_a_date_in_three_columns_and_days_ahead_of_it_are_put_together() -> None:
    """Booked so many days before the arrival; placeholders for nobody stand for nothing."""
    made = guessed(
        "hotel,lead_time,arrival_date_year,arrival_date_month,arrival_date_day_of_month,agent,reservation_status\n"
        + "".join(f"City,{n},2016,March,{n + 1},{'NULL' if n % 2 else 9},Check-Out\n" for n in range(6))
    )
    parts = {"year": "arrival_date_year", "month": "arrival_date_month", "day": "arrival_date_day_of_month"}
    fields = made.data["fields"]
    assert fields["received"] == fields["booked"] == {"parts": parts, "minus_days": "lead_time"}
    assert fields["attended"] == {"parts": parts, "when": {"reservation_status": ["Check-Out"]}}
    assert (fields["partner"], made.data["empty"]) == ({"column": "agent"}, ["NULL"])


def test_midnights_throughout_mean_days() -> None:
    """And the reason says so."""
    made = guessed("Id,Created\n1,2026-01-05 00:00:00\n2,2026-01-06 00:00:00\n")
    assert made.data["fields"]["received"] == {"column": "Created", "day_only": True}
    assert made.reasons["received"].endswith("all times are midnight, so only the day counts")


def test_words_are_translated_and_those_that_are_not_known_are_asked_about() -> None:
    """A column is taken for a field of words only where most of its values are."""
    made = guessed("Id,Created,Channel\n1,2026-01-05,Tel\n2,2026-01-06,E-mail\n3,2026-01-07,Pigeon\n")
    assert made.data["fields"]["channel"] == {"column": "Channel", "values": {"Tel": "phone", "E-mail": "email"}}
    assert made.questions == ["What do 'Pigeon' mean as the channel?"]
    other = guessed("Id,Created,Channel\n1,2026-01-05,BBC\n2,2026-01-06,CNN\n")
    assert other.data["fields"]["channel"] == {"constant": "not_recorded"}


def test_labels_that_differ_by_a_number_are_not_alike() -> None:
    """Clinic 11 is not Clinic 12; case, spaces and a slip of the keyboard make no other label."""
    labels = {"Clinic 11": 5, "Clinic 12": 4, "google": 9, "Google": 20, "Lakeside Medical": 7, "Lakeside Medcal": 1}
    assert likeness.alike(labels) == [("Google", ["google"]), ("Lakeside Medical", ["Lakeside Medcal"])]


def test_two_files_are_joined_by_the_column_that_both_have() -> None:
    """The one whose values are each of their own."""
    tables = [
        profiling.columns(reading.table(File.of("x", text.encode())))
        for text in ("key,kind,came\nA,x,2026-01-05\nB,x,2026-01-06\n", "key,kind,seen\nA,x,2026-01-09\n")
    ]
    joined = guessing.join_of(tables)
    assert joined
    assert joined[0] == "key"


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("noshow/appointments.csv.zip", {"id": "AppointmentID", "received": "ScheduledDay", "booked": "ScheduledDay",
         "appointment": "AppointmentDay", "location": "Neighbourhood", "attended": "AppointmentDay",
         "no_show": "AppointmentDay"}),
        ("referrals/referrals.csv", {"id": "Referral ID", "received": "Date Referral Sent", "location": "Clinic",
         "partner": "Source Location", "eligible": "Date Accepted", "booked": "Date Referral Scheduled",
         "attended": "Date Referral Seen", "closed": "Date Last Referral Update", "priority": "Referral Priority",
         "close_reason": "Referral Status"}),
        ("zoho/Leads.csv", {"id": "LEADID", "received": "Created Time", "source": "Lead Source", "owner": "Lead Owner"}),
        ("boston311/boston311-100.csv", {"id": "case_enquiry_id", "received": "open_dt", "closed": "closed_dt",
         "location": "neighborhood", "source": "source", "close_reason": "case_status"}),
    ],
)  # fmt: skip
def test_real_files_are_guessed_as_they_are_meant(file: str, fields: dict[str, str]) -> None:
    """And the guess is a mapping that can be used."""
    made = real(file)
    assert columns_of(made) == fields
    assert mapping.parse(made.data).fields["received"].columns
    assert set(made.reasons) >= set(made.data["fields"])


def test_every_name_of_the_synonyms_is_written_as_it_is_compared() -> None:
    """Otherwise it would never be found; and every field of it is one of a mapping."""
    known = likeness.synonyms()
    lists = [
        *known["headings"].values(),
        *known["statuses"].values(),
        *known["close_reasons"].values(),
        *known["systems"].values(),
    ]
    lists += [outcome["headings"] for outcome in known["outcomes"].values()]
    lists += [names for words in known["words"].values() for names in words.values()]
    odd = [name for names in lists for name in names if likeness.plain(name) != name]
    assert not odd
    assert set(known["headings"]) - set(mapping.FIELDS) == {"status", "event", "at", "days_ahead"}
    for field, words in known["words"].items():
        assert set(words) <= set(mapping.WORDS[field])


def test_a_messy_file_without_a_date_asks_for_one() -> None:
    """Every messy file beside this checkout is guessed without a hitch."""
    folder = DATA / "messy" / "lead_demo"
    if not folder.exists():
        pytest.skip("the shared messy files are not beside this checkout")
    asked = {path.name: of(File.at(path)).questions for path in sorted(Path(folder).glob("*.csv"))}
    assert "Where does the moment of receipt come from?" in asked["15-duplicate-rows.csv"]
