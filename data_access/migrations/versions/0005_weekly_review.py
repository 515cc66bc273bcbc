"""actions that reviews decide, frozen reviews, show rate as a watched number, targets for every watched share"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_SERIES = "'received', 'in_time', 'half_answered', 'complete', 'booked', 'seen', 'shown'"
_TARGETS = "'response_in_time', 'records_complete', 'booked', 'seen', 'shown'"


def _to(table: str, target: str, name: str, *, nullable: bool = True) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{target}.id"], name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, _KEY, nullable=nullable), key


def upgrade() -> None:
    op.create_table(
        "review_actions",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("text", sa.String(length=160), nullable=False),
        *_to("review_actions", "staff", "owner_id", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("series", sa.String(length=32), nullable=True),
        *_to("review_actions", "locations", "location_id"),
        *_to("review_actions", "partners", "partner_id"),
        sa.Column("week", sa.SmallInteger(), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        *_to("review_actions", "staff", "staff_id"),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ending", sa.String(length=32), nullable=True),
        sa.CheckConstraint(f"series IN ({_SERIES})", name=op.f("ck_review_actions_series")),
        sa.CheckConstraint("ending IN ('done', 'dropped')", name=op.f("ck_review_actions_ending")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 160", name=op.f("ck_review_actions_short")),
        sa.CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name=op.f("ck_review_actions_ended_somehow")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_actions")),
    )
    op.create_table(
        "frozen_reviews",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("week", sa.SmallInteger(), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("frozen_at", _MOMENT, nullable=False),
        *_to("frozen_reviews", "staff", "staff_id"),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frozen_reviews")),
    )
    op.create_index("ix_frozen_reviews_week", "frozen_reviews", ["week"])
    with op.batch_alter_table("annotations") as annotations:
        annotations.drop_constraint(op.f("ck_annotations_rebases"), type_="check")
        annotations.create_check_constraint(op.f("ck_annotations_rebases"), f"rebases IN ({_SERIES})")
    with op.batch_alter_table("targets") as targets:
        targets.drop_constraint(op.f("ck_targets_metric"), type_="check")
        targets.create_check_constraint(op.f("ck_targets_metric"), f"metric IN ({_TARGETS})")
