"""What a demo practice says: its scripts, how to refer to it, and what to expect."""

from collections.abc import Mapping

from data_access.vocabulary import Kind, Need

SCRIPTS: Mapping[Kind | tuple[Kind, Need], str] = {
    Kind.SCHEDULING: """\
1. Thank you for calling. May I ask what you would like to be seen for, in a few words?
2. Has a clinician referred you, or are you asking for yourself?
3. I will write down your code, not your story: the clinician will ask about that.
4. You hear from us by the time I name at the end of this call.""",
    Kind.INFORMATION: """\
1. What would you like to know? (Choose the topic while they speak.)
2. Answer from the card beside this. What is not on it: we call back with the answer.
3. Would you like an appointment? Then it becomes a scheduling inquiry, and nothing is asked twice.""",
    Kind.PARTNER_REQUEST: """\
1. Thank you for thinking of us. What would help you refer: our criteria, the form, or a name to call?
2. Send the partner's copy of the checklist (page Checklists).
3. You hear from us within the time that we promise to practices.""",
    Kind.WARM_INTRO: """\
1. Who introduces whom, and what was promised? Write down the promise, not the story.
2. Does the person expect our call, and when?
3. Tell the partner when you have reached them.""",
    (Kind.SCHEDULING, Need.REACH): """\
1. This is the practice you asked for an appointment. Is this a good moment?
2. On a machine: say only the practice's name and number, and when we are there.""",
    (Kind.SCHEDULING, Need.CHECK): """\
1. **Service fit**: is it on the card of the service line?
2. **Who**: age and coverage as the card says.
3. **When**: days and hours that they can come, and at which location.
4. Not sure? Give it to clinical review; promise an answer within two days.""",
    (Kind.SCHEDULING, Need.RECORDS): """\
1. We have the referral, and cannot schedule without: (read the open items).
2. By secure e-mail or fax, please; not by plain e-mail.""",
    (Kind.SCHEDULING, Need.BOOKING): """\
1. We offered you an appointment. Does it suit, or is another day better?
2. Take your time; may we ask again in three days?""",
}
SECOND_RECORDS_SCRIPT = """\
1. Thank you for the referral. What is here already: (read it). What is still open: (read it).
2. One page is enough. Secure e-mail or fax, please; not plain e-mail.
3. If it does not exist, say so now, and we note that it is not needed."""
WHAT_TO_EXPECT = """\
We look at your request on the next working day and call you.
If a clinician referred you, we ask them for what is missing; you need not.
Please come a quarter of an hour early, with the items of this list that you have."""
HOW_TO_REFER = """\
Send the referral form with the items of the checklist, by secure e-mail or fax.
We confirm receipt, and tell you when the person has an appointment.
Questions: call and ask for the intake desk."""
PRIORITY = """\
**Urgent**: a clinician says within days, or something has changed for the worse since the referral.
**Soon**: a clinician says within two weeks, or results that were waited for have come.
**Routine**: everything else. Not sure? Ask clinical review; only they make an urgent one routine."""
