"""What makes the three demo practices differ: places, hours, lines, partners and how well they work."""

from dataclasses import dataclass, field

from data_access.vocabulary import Channel, Kind, PartnerCategory, Topic

_SPLIT_DAY = [("08:30", "12:30"), ("13:15", "17:00")]
_LONG_DAY = [("08:00", "18:00")]
_EVENING_DAY = [("10:00", "19:00")]
_SHORT_DAY = [("09:00", "13:00")]


@dataclass(frozen=True)
class Place:
    """One location of a demo practice."""

    name: str
    zone: str
    hours: dict[int, list[tuple[str, str]]]
    share: float
    plans: bool = False  # so many openings a week, in place of each of them


@dataclass(frozen=True)
class Profile:
    """What makes one demo practice differ from another. Shares are proportions."""

    title: str
    zone: str
    places: tuple[Place, ...]
    service_lines: dict[str, float]
    fits: tuple[tuple[str, str], ...]  # of each line: who is seen there, and who is better seen elsewhere
    categories: dict[PartnerCategory, float]
    kinds: dict[Kind, float]
    clinician_share: float
    channels: dict[Channel, float]
    topics: dict[Topic, float]
    answer_hours: float  # median staffed hours to the first attempt
    records_days: float  # median days from asking for records to having them
    wait_days: float  # median days from booking to the appointment
    show: float
    partners: int = 42
    windows: dict[Channel, int] = field(default_factory=dict)


_WEEK = dict.fromkeys(range(5), _SPLIT_DAY)
_CHANNELS = {Channel.PHONE: 0.34, Channel.WEB_FORM: 0.26, Channel.FAX: 0.16, Channel.EMAIL: 0.12, Channel.SECURE_EMAIL: 0.07,
             Channel.PARTNER_OUTREACH: 0.03, Channel.WALK_IN: 0.02}  # fmt: skip

PROFILES = {
    "specialty": Profile(
        title="Northgate Specialty Clinic",
        zone="America/New_York",
        places=(
            Place("Downtown", "America/New_York", {**_WEEK, 5: _SHORT_DAY}, 0.5),
            Place("Riverside", "America/New_York", dict.fromkeys(range(5), _LONG_DAY), 0.32),
            Place("Lake County", "America/Chicago", _WEEK, 0.18),
        ),
        service_lines={"Cardiology": 0.45, "Vascular": 0.3, "Imaging": 0.25},
        fits=(
            ("adults with palpitations, chest pain on effort or a known heart condition", "chest pain at rest now: emergency"),
            ("leg pain on walking, swelling, wounds that do not close", "varicose veins without complaints: primary care"),
            ("echo and duplex studies on a clinician's order", "CT and MRI: the hospital"),
        ),
        categories={PartnerCategory.PRIMARY_CARE: 0.5, PartnerCategory.SPECIALIST: 0.26, PartnerCategory.HOSPITAL: 0.16,
                    PartnerCategory.CARE_COORDINATOR: 0.08},
        kinds={Kind.SCHEDULING: 0.84, Kind.WARM_INTRO: 0.05, Kind.INFORMATION: 0.08, Kind.PARTNER_REQUEST: 0.03},
        clinician_share=0.68,
        channels=_CHANNELS,
        topics={Topic.DOCUMENTATION: 0.35, Topic.TRIAGE: 0.3, Topic.INITIAL_CONSULT: 0.2, Topic.PREPARATION: 0.15},
        answer_hours=1.6,
        records_days=5,
        wait_days=16,
        show=0.86,
        windows={Channel.PHONE: 120, Channel.WEB_FORM: 240, Channel.FAX: 480},
    ),
    "therapy": Profile(
        title="Willow Therapy Group",
        zone="America/Chicago",
        places=(
            Place("Main Street", "America/Chicago", {**dict.fromkeys(range(4), _LONG_DAY), 4: _SPLIT_DAY}, 0.62),
            Place("Telehealth", "America/Chicago", dict.fromkeys(range(6), _EVENING_DAY), 0.38, plans=True),
        ),
        service_lines={"Evaluation": 0.5, "Individual therapy": 0.32, "Group program": 0.18},
        fits=(
            ("a first evaluation, from 12 years on", "court-ordered evaluations"),
            ("weekly therapy after an evaluation here or elsewhere", "crisis now: the crisis line"),
            ("skills groups in the evening, eight weeks", "one-off consultations"),
        ),
        categories={PartnerCategory.PRIMARY_CARE: 0.52, PartnerCategory.CARE_COORDINATOR: 0.28,
                    PartnerCategory.THERAPIST: 0.12, PartnerCategory.OTHER: 0.08},
        kinds={Kind.SCHEDULING: 0.82, Kind.WARM_INTRO: 0.08, Kind.INFORMATION: 0.08, Kind.PARTNER_REQUEST: 0.02},
        clinician_share=0.46,
        channels={**_CHANNELS, Channel.FAX: 0.05, Channel.WEB_FORM: 0.37},
        topics={Topic.INITIAL_CONSULT: 0.35, Topic.PREPARATION: 0.3, Topic.SELF_PAY: 0.2, Topic.TREATMENT_PATHWAYS: 0.15},
        answer_hours=2.4,
        records_days=4,
        wait_days=11,
        show=0.79,
        partners=36,
    ),
    "multi": Profile(
        title="Cedar Valley Physicians",
        zone="America/Denver",
        places=(
            Place("Cedar Central", "America/Denver", {**_WEEK, 5: _SHORT_DAY}, 0.4),
            Place("Foothills", "America/Denver", _WEEK, 0.26),
            Place("Airport Road", "America/Phoenix", dict.fromkeys(range(5), _LONG_DAY), 0.2),
            Place("Valley North", "America/Denver", dict.fromkeys(range(5), _SPLIT_DAY), 0.14),
        ),
        service_lines={"Dermatology": 0.3, "Endocrinology": 0.22, "Gastroenterology": 0.28, "Sleep medicine": 0.2},
        fits=(
            ("changing moles, rashes that last longer than six weeks", "cosmetic treatment"),
            ("thyroid and diabetes that are hard to settle", "pregnancy: the hospital's clinic"),
            ("lasting abdominal complaints, screening by guideline", "bleeding now: emergency"),
            ("snoring with daytime sleepiness, sleep studies", "children under 12"),
        ),
        categories={PartnerCategory.PRIMARY_CARE: 0.6, PartnerCategory.SPECIALIST: 0.2, PartnerCategory.THERAPIST: 0.1,
                    PartnerCategory.OTHER: 0.1},
        kinds={Kind.SCHEDULING: 0.72, Kind.WARM_INTRO: 0.03, Kind.INFORMATION: 0.23, Kind.PARTNER_REQUEST: 0.02},
        clinician_share=0.42,
        channels={**_CHANNELS, Channel.WEB_FORM: 0.4, Channel.FAX: 0.1},
        topics={Topic.SELF_PAY: 0.24, Topic.PREPARATION: 0.22, Topic.INITIAL_CONSULT: 0.2, Topic.TRIAGE: 0.14,
                Topic.TREATMENT_PATHWAYS: 0.12, Topic.DOCUMENTATION: 0.08},
        answer_hours=2.0,
        records_days=6,
        wait_days=20,
        show=0.83,
        partners=48,
    ),
}  # fmt: skip

NAMES = (*PROFILES, "empty")
"""The demo practices that can be made; "empty" is founded and has no leads."""
