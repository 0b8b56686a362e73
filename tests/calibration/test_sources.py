"""Reading logs: what is good becomes tables; what is not is named with its place, its value and what would be right."""

import gzip
import os
import re
import stat
from datetime import datetime, timedelta
from hashlib import sha256

import polars as pl
import pytest
import yaml

from calibration.sources import pseudonym
from scenarios.command import main
from sim.errors import ScenarioError
from tests.calibration.small_log import CALLS, CONTACTS, CUSTOMERS, HEADER, KEY, ROSTER, SURVEYS, known, read, write


def rows(*calls: str) -> str:
    return "\n".join([HEADER, *calls, ""])


def contacts(**how):
    return {"files": "contacts.csv"} | how


def refused(folder, **settings):
    """What reading a log complains of, with its files named without their folder."""
    with pytest.raises(ScenarioError) as caught:
        read(folder, **settings)
    return [str(problem).replace(f"{folder}{os.sep}", "") for problem in caught.value.problems]


# ---- what is read ----------------------------------------------------------------------------------------------------


def test_a_log_under_our_own_column_names_needs_no_mapping(tmp_path):
    found = read(write(tmp_path, contacts__csv=CONTACTS))
    assert found.rows == {"contacts": 180}
    assert found.contacts.height == 180
    assert found.set_aside.is_empty()
    first = found.contacts.row(0, named=True)
    assert first["joined"] == datetime(2025, 1, 6, 8)
    assert first["started"] - first["joined"] == timedelta(seconds=30)
    assert (first["touchpoint"], first["outcome"], first["line"]) == ("hotline", "resolved", 2)


def test_contacts_come_in_the_order_in_which_people_joined(tmp_path):
    found = read(write(tmp_path, contacts__csv=rows(*reversed(CALLS))))
    assert found.contacts["joined"].is_sorted()
    assert found.contacts["line"].to_list() == list(range(181, 1, -1))


def test_csv_compressed_csv_and_parquet_say_the_same(tmp_path):
    write(tmp_path, contacts__csv=CONTACTS, contacts__csv__gz=gzip.compress(CONTACTS.encode()))
    times = [pl.col(name).str.to_datetime() for name in ("joined", "started", "ended")]
    pl.read_csv(tmp_path / "contacts.csv").with_columns(times).write_parquet(tmp_path / "contacts.parquet")
    plain, packed, typed = (
        read(tmp_path, contacts={"files": f"contacts.{ending}"}).contacts for ending in ("csv", "csv.gz", "parquet")
    )
    assert known(plain).equals(known(packed))
    assert known(plain).equals(known(typed))


def test_several_files_are_read_one_after_the_other_and_each_row_knows_where_it_stood(tmp_path):
    january, february = rows(*CALLS[:100]), rows(*CALLS[100:], CALLS[120])
    write(tmp_path, contacts__csv=CONTACTS, january__csv=january, february__csv=february)
    found = read(tmp_path, contacts={"files": ["january.csv", "february.csv"]})
    assert known(found.contacts).equals(known(read(tmp_path).contacts))
    assert found.set_aside.select("file", "line").rows() == [("february.csv", 82)]
    digests = {"january.csv": january, "february.csv": february}
    assert found.digests == {name: sha256(text.encode()).hexdigest() for name, text in digests.items()}


def test_a_date_and_a_time_in_two_columns_are_read_as_one(tmp_path):
    calls = ["A,hotline,2025-01-06,08:20:00,2025-01-06 08:30", "B,hotline,2025-01-07,,2025-01-07 09:00"]
    text = "\n".join(["who,place,day,clock,done", *calls, ""])
    columns = {"customer": "who", "touchpoint": "place", "joined": ["day", "clock"], "ended": "done"}
    found = read(write(tmp_path, contacts__csv=text), contacts=contacts(columns=columns), tolerate=1)
    assert found.contacts["joined"].to_list() == [datetime(2025, 1, 6, 8, 20)]
    assert found.set_aside.select("line", "reason").rows() == [(3, "neither joined nor started")]


def test_where_a_column_has_no_value_another_may_have_it(tmp_path):
    text = (
        "who,place,asked,hung_up,served,done\n"
        "A,hotline,2025-01-06 08:00:00,2025-01-06 08:03:00,-,-\n"
        "B,hotline,2025-01-06 08:00:00,,2025-01-06 08:01:00,2025-01-06 08:09:00\n"
    )
    columns = {"customer": "who", "touchpoint": "place", "joined": "asked", "started": "served", "ended": "done"}
    how = contacts(columns=columns, or_else=[{"ended": "hung_up"}], missing=["", "-"])
    found = read(write(tmp_path, contacts__csv=text), contacts=how).contacts.sort("line")
    assert found["ended"].to_list() == [datetime(2025, 1, 6, 8, 3), datetime(2025, 1, 6, 8, 9)]
    assert found["started"].to_list() == [None, datetime(2025, 1, 6, 8, 1)]


def test_times_may_be_written_in_the_users_own_way(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:3]).replace("2025-01-06", "06.01.2025"))
    found = read(tmp_path, contacts=contacts(timestamps="%d.%m.%Y %H:%M:%S"))
    assert found.contacts["ended"][0] == datetime(2025, 1, 6, 8, 4)


@pytest.mark.parametrize(
    "written", ["2025-01-06T08:00:00Z", "2025-01-06 08:00:00+02:00", "2025-01-06 08:00", "2025-01-06 08:00:00.000"]
)
def test_iso_times_are_wall_clock_whatever_their_zone(tmp_path, written):
    write(tmp_path, contacts__csv=rows(CALLS[0].replace("2025-01-06 08:00:00", written)))
    assert read(tmp_path).contacts["joined"][0] == datetime(2025, 1, 6, 8)


def test_a_value_that_is_fixed_stands_in_every_row(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:3]))
    found = read(tmp_path, contacts=contacts(fixed={"goal": "help", "persona": "firm"})).contacts
    assert set(found.select("goal", "persona").rows()) == {("help", "firm")}


def test_the_touchpoint_stands_for_a_channel_that_is_not_named(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:3]).replace("phone", ""))
    assert set(read(tmp_path).contacts["channel"]) == {"hotline"}


def test_the_users_words_become_ours_and_those_set_aside_are_no_faults(tmp_path):
    calls = [*CALLS[:8], *(call.replace("resolved", "TEST") for call in CALLS[8:12])]
    words = {"outcome": {"resolved": "done", "TEST": "set_aside"}}
    found = read(write(tmp_path, contacts__csv=rows(*calls)), contacts=contacts(words=words), tolerate=0)
    assert found.contacts["outcome"].to_list() == ["done"] * 8
    assert found.set_aside["line"].to_list() == [10, 11, 12, 13]
    assert set(found.set_aside.select("reason", "remedy").rows()) == {
        ("set aside by the mapping", "see contacts.words.outcome")
    }


def test_clocks_that_disagree_by_no_more_than_the_slack_are_set_right(tmp_path):
    early = "K1,J1,bill,phone,hotline,2025-01-06 08:00:10,2025-01-06 08:00:04,2025-01-06 08:03:00,Ann,resolved"
    earlier = early.replace("J1", "J2").replace("08:00:04", "07:59:00")
    found = read(write(tmp_path, contacts__csv=rows(early, earlier)), slack="10 s", tolerate=1)
    assert found.contacts.select("joined", "started").rows() == [(datetime(2025, 1, 6, 8, 0, 10),) * 2]
    assert found.set_aside.select("line", "reason").rows() == [(3, "started before joined")]
    assert read(tmp_path, tolerate=1, slack="2 min").set_aside.is_empty()


def test_an_abandoned_contact_was_never_served(tmp_path):
    write(tmp_path, contacts__csv=rows(CALLS[0].replace("resolved", "abandoned"), CALLS[1]))
    assert read(tmp_path).contacts["started"].is_null().to_list() == [True, False]


def test_every_contact_without_a_customer_is_somebody_new(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:3]).replace("K00", ""))
    found = read(tmp_path, contacts=contacts(missing=["0", "1", "2"])).contacts
    assert found["customer"].n_unique() == 3


def test_a_log_that_says_only_when_people_were_served_is_recognised(tmp_path):
    assert read(write(tmp_path, contacts__csv=CONTACTS)).joined_known
    found = read(write(tmp_path, contacts__csv=CONTACTS.replace(",joined", ",arrival")))
    assert not found.joined_known
    assert found.contacts["joined"].equals(found.contacts["started"])


# ---- rows that cannot be used ----------------------------------------------------------------------------------------

TWICE = CALLS[7]
BACKWARD = "K001,J9,bill,phone,hotline,2025-01-07 08:00:00,2025-01-07 08:01:00,2025-01-07 07:00:00,Ann Meyer,resolved"
NO_TIME = BACKWARD.replace("2025-01-07 08:00:00", "yesterday").replace("07:00:00", "09:00:00")
NO_END = BACKWARD.replace("2025-01-07 07:00:00", "")
NO_START = BACKWARD.replace("2025-01-07 08:01:00", "").replace("07:00:00", "09:00:00")
LIKE_THIS = "write it like '2025-01-31 14:05:00', or say how it is written under contacts.timestamps"
BOTH_TIMES = "look at both times, or let log.slack set right what clocks that disagree have done"
ASIDE = [
    ("no ended", None, "fill it in, or leave the row out"),
    ("joined is not a time", "yesterday", LIKE_THIS),
    ("served, it seems, but without a start", "resolved",
     "fill in 'started', or say under contacts.words.outcome that the word means abandoned"),
    ("ended before joined", "2025-01-07 07:00:00", BOTH_TIMES),
    ("the same contact again", pseudonym(KEY, "K007"), "keep one of the rows"),
]  # fmt: skip


def test_rows_that_cannot_be_used_are_set_aside_with_their_place_reason_value_and_remedy_and_the_rest_is_used(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS, NO_END, NO_TIME, NO_START, BACKWARD, TWICE))
    found = read(tmp_path)
    expected = [("contacts.csv", 182 + i, *aside) for i, aside in enumerate(ASIDE)]
    assert found.set_aside.select("file", "line", "reason", "value", "remedy").rows() == expected
    assert found.rows == {"contacts": 185}
    assert known(found.contacts).equals(known(read(write(tmp_path, contacts__csv=CONTACTS)).contacts))


def test_more_than_is_tolerated_is_refused_with_an_example_of_every_fault(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS, NO_END, NO_TIME, NO_TIME, BACKWARD))
    assert refused(tmp_path, tolerate=0.02) == [
        "no ended: 1 row; fill it in, or leave the row out [contacts.csv:182]",
        f"joined is not a time: 2 rows, such as 'yesterday'; {LIKE_THIS} [contacts.csv:183]",
        f"ended before joined: 1 row, such as '2025-01-07 07:00:00'; {BOTH_TIMES} [contacts.csv:185]",
        (
            "tolerate: 4 of 184 rows (2.2%) cannot be used, more than the 2.0% tolerated; "
            "mend them, or raise log.tolerate to leave them out"
        ),
    ]


def test_exactly_what_is_tolerated_is_accepted(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:19], NO_END))
    assert read(tmp_path, tolerate=0.05).contacts.height == 19


def test_two_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for year in ("2024", "2025"):
        (tmp_path / year).mkdir()
    write(tmp_path / "2024", calls__csv=rows(*CALLS[:6]))
    write(tmp_path / "2025", calls__csv=rows(*CALLS[6:12], NO_END))
    both = contacts(files=["2024/calls.csv", "2025/calls.csv"])
    told = "no ended: 1 row; fill it in, or leave the row out [2025/calls.csv:8]"
    assert refused(tmp_path, contacts=both)[0] == told
    found = read(tmp_path, contacts=both, tolerate=1)
    assert found.set_aside.select("file", "line").rows() == [("2025/calls.csv", 8)]
    assert set(found.digests) == {"2024/calls.csv", "2025/calls.csv"}


def test_a_row_is_told_by_the_same_path_as_the_header_of_its_file(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:3], NO_END))
    with pytest.raises(ScenarioError) as of_a_row:
        read(tmp_path)
    write(tmp_path, contacts__csv=CONTACTS.replace("ended", "finish"))
    with pytest.raises(ScenarioError) as of_the_header:
        read(tmp_path)
    assert of_a_row.value.problems[0].place == f"{tmp_path / 'contacts.csv'}:5"
    assert of_the_header.value.problems[0].place == f"{tmp_path / 'contacts.csv'}:1"


def test_answers_of_customers_without_contacts_and_scores_beyond_the_scale_are_set_aside(tmp_path):
    surveys = (
        SURVEYS + "K999,,8,2025-01-06 09:00:00\nK002,J0002,11,2025-01-06 09:00:00\nK003,,good,2025-01-06 09:00:00\n"
    )
    write(tmp_path, contacts__csv=CONTACTS, surveys__csv=surveys + "K004,J0004,nan,2025-01-06 09:00:00\n")
    found = read(tmp_path, surveys={"files": "surveys.csv"})
    assert found.surveys["score"].to_list() == [8, 3]
    assert sorted(found.set_aside.select("line", "reason", "value").rows()) == [
        (4, "a customer without any contact", pseudonym(KEY, "K999")),
        (5, "score is not 0 to 10", "11.0"),
        (6, "score is not a number", "good"),
        (7, "score is not 0 to 10", "NaN"),
    ]


def test_a_customer_is_known_once_and_leaves_after_joining(tmp_path):
    customers = "customer,persona,joined,left\nK1,firm,,\nK1,family,,\nK2,firm,2025-02-01,2025-01-01\n"
    write(tmp_path, contacts__csv=CONTACTS, customers__csv=customers)
    found = read(tmp_path, customers={"files": "customers.csv"})
    assert found.customers.select("customer", "persona").rows() == [(pseudonym(KEY, "K1"), "firm")]
    assert found.set_aside.select("line", "reason").rows() == [
        (4, "left before joined"),
        (3, "the same customer again"),
    ]


# ---- files and mappings that cannot be used --------------------------------------------------------------------------

BAD_ROSTER = (
    "pool,weekday,from,to\nhotline,mon,08:00,16:00\nhotline,mon,22:00,06:00\n"
    "hotline,funday,08:00,16:00\nnobody,Tuesday,26:00,8 pm\n"
)
BAD = {
    "a missing column": (
        {"contacts.csv": CONTACTS.replace("touchpoint", "touch_point").replace("ended", "finish")},
        {},
        [
            ("contacts.touchpoint: is missing; name its column under contacts.columns.touchpoint, or a value under "
            "contacts.fixed (did you mean 'touch_point'?) [contacts.csv:1]"),
            ("contacts.ended: is missing; name its column under contacts.columns.ended, or a value under "
            "contacts.fixed (known: channel, customer, finish, goal, joined, journey, member, outcome, started, "
            "touch_point) [contacts.csv:1]"),
        ],
    ),
    "neither a time of joining nor one of starting": (
        {"contacts.csv": CONTACTS.replace("joined,started", "begin,start")},
        {},
        [
            ("contacts.joined: neither 'joined' nor 'started' is there; name one under contacts.columns "
            "(did you mean 'start'?) [contacts.csv:1]")
        ],
    ),
    "a mapping to columns that are not there": (
        {"contacts.csv": CONTACTS},
        {"contacts": contacts(columns={"customer": "costumer", "gaol": "goal"}, or_else=[{"ended": "end"}])},
        [
            "contacts.columns.gaol: we have no such column; did you mean 'goal'?",
            "contacts.columns.customer: there is no column 'costumer'; did you mean 'customer'? [contacts.csv:1]",
            "contacts.or_else.0.ended: there is no column 'end'; did you mean 'ended'? [contacts.csv:1]",
        ],
    ),
    "words and fixed values for columns that we do not have": (
        {"contacts.csv": CONTACTS},
        {"contacts": contacts(words={"outcom": {"a": "b"}}, fixed={"chanel": "phone"})},
        [
            "contacts.fixed.chanel: we have no such column; did you mean 'channel'?",
            "contacts.words.outcom: we have no such column; did you mean 'outcome'?",
        ],
    ),
    "a column that is mapped and fixed": (
        {"contacts.csv": CONTACTS},
        {"contacts": contacts(columns={"goal": "channel"}, fixed={"goal": "help"})},
        ["contacts.fixed.goal: is fixed and read from a column as well; keep one of the two"],
    ),
    "an empty file": ({"contacts.csv": ""}, {}, ["is empty; a log needs a header and rows [contacts.csv]"]),
    "a header without rows": (
        {"contacts.csv": HEADER + "\n"},
        {},
        ["contacts: has a header but no rows [contacts.csv]"],
    ),
    "a binary file": (
        {"contacts.csv": bytes(range(256)) * 20},
        {},
        [
            ("cannot be read as a table: invalid utf-8 sequence; a log is text in UTF-8, CSV (plain or compressed), or "
            "Parquet [contacts.csv]")
        ],
    ),
    "text in another encoding": (
        {"contacts.csv": CONTACTS.encode("utf-16")},
        {},
        ["is not text in UTF-8; a log is CSV (plain or compressed) or Parquet [contacts.csv]"],
    ),
    "a compressed file that was cut off": (
        {"contacts.csv.gz": gzip.compress(CONTACTS.encode(), mtime=0)[:-40]},
        {"contacts": {"files": "contacts.csv.gz"}},
        ["cannot be read as a table: unexpected end of file [contacts.csv.gz]"],
    ),
    "a missing file": (
        {"contacts.csv": CONTACTS},
        {"contacts": {"files": ["contact.csv", "contracts.csv"]}},
        [
            "no such file; did you mean 'contacts.csv'? [contact.csv]",
            "no such file; did you mean 'contacts.csv'? [contracts.csv]",
        ],
    ),
    "a wrong separator": (
        {"contacts.csv": CONTACTS.replace(",", ";")},
        {},
        [
            (f"contacts.separator: split at ',' the header is one column, '{HEADER.replace(',', ';')}'; is it ';'? "
            "[contacts.csv]")
        ],
    ),
    "a text with a separator in it": (
        {"contacts.csv": CONTACTS.replace("Ann Meyer", "Meyer, Ann", 1)},
        {},
        [
            ("has 11 fields, more than the 10 of the header; a text with ',' in it needs quotes around it "
            "[contacts.csv:3]")
        ],
    ),
    "a text with a separator in it, beside rows with faults of their own and a roster that is none": (
        {
            "contacts.csv": rows(CALLS[0].replace("Bob Stone", "Stone, Bob"), BACKWARD, *CALLS[1:6], NO_END),
            "roster.csv": BAD_ROSTER.replace("26:00,8 pm", "09:00,10:00"),
        },
        {"roster": {"files": "roster.csv"}},
        [
            ("has 11 fields, more than the 10 of the header; a text with ',' in it needs quotes around it "
            "[contacts.csv:2]"),
            "roster.to: ends 06:00 before it starts 22:00; write a night shift as two rows [roster.csv:3]",
            "roster.weekday: 'funday' is not a day; write mon to sun [roster.csv:4]",
            "no ended: 1 row; fill it in, or leave the row out [contacts.csv:9]",
            f"ended before joined: 1 row, such as '2025-01-07 07:00:00'; {BOTH_TIMES} [contacts.csv:3]",
            ("tolerate: 2 of 11 rows (18.2%) cannot be used, more than the 5.0% tolerated; "
            "mend them, or raise log.tolerate to leave them out"),
        ],
    ),
    "nothing but rows that the mapping sets aside": (
        {"contacts.csv": CONTACTS},
        {"contacts": contacts(words={"outcome": {"resolved": "set_aside"}})},
        ["contacts: no row is left that can be used; look at contacts.words and log.tolerate"],
    ),
    "a roster that is none, beside a log that is none": (
        {"contacts.csv": rows(CALLS[0], BACKWARD), "roster.csv": BAD_ROSTER},
        {"roster": {"files": "roster.csv"}},
        [
            "roster.to: ends 06:00 before it starts 22:00; write a night shift as two rows [roster.csv:3]",
            "roster.weekday: 'funday' is not a day; write mon to sun [roster.csv:4]",
            'roster.from: \'26:00\' is not a time of day; write "08:00" to "24:00", in quotes [roster.csv:5]',
            'roster.to: \'8 pm\' is not a time of day; write "08:00" to "24:00", in quotes [roster.csv:5]',
            f"ended before joined: 1 row, such as '2025-01-07 07:00:00'; {BOTH_TIMES} [contacts.csv:3]",
            ("tolerate: 1 of 6 rows (16.7%) cannot be used, more than the 5.0% tolerated; "
            "mend them, or raise log.tolerate to leave them out"),
        ],
    ),
    "several files that are none": (
        {"contacts.csv": "", "surveys.csv": "customer\nK000\n", "customers.csv": "name\nAnn\n"},
        {"surveys": {"files": "surveys.csv"}, "customers": {"files": "customers.csv"}},
        [
            "is empty; a log needs a header and rows [contacts.csv]",
            ("surveys.score: is missing; name its column under surveys.columns.score, or a value under surveys.fixed "
            "(known: customer) [surveys.csv:1]"),
            ("customers.customer: is missing; name its column under customers.columns.customer, or a value under "
            "customers.fixed (known: name) [customers.csv:1]"),
        ],
    ),
}  # fmt: skip


def given(folder, files, mapping):
    for name, content in files.items():
        write(folder, **{name.replace(".", "__"): content})
    return {"contacts": contacts()} | mapping


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_named_with_its_place_and_remedy_all_at_once(tmp_path, case):
    files, mapping, expected = BAD[case]
    assert refused(tmp_path, **given(tmp_path, files, mapping)) == expected


@pytest.mark.parametrize("case", BAD)
def test_from_a_bad_log_the_command_makes_nothing_and_says_why(tmp_path, monkeypatch, capsys, case):
    files, mapping, expected = BAD[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.yaml").write_text(yaml.safe_dump(given(tmp_path, files, mapping)), encoding="utf-8")
    assert main(["calibrate", "log=log.yaml"]) == 1
    count = f"{len(expected)} problem{'s' if len(expected) > 1 else ''}"
    said = re.sub(r" \[log\.yaml:\d+\]", "", capsys.readouterr().err)  # where the mapping itself is at fault
    assert said.splitlines() == [f"log: {count}", *(f"  {line}" for line in expected)]
    assert [path.name for path in (tmp_path / "outputs").rglob("*")] == [".pseudonym-key"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert refused(tmp_path / "recods") == [
        f"folder: there is no folder '{tmp_path / 'recods'}'; say where the files lie"
    ]
    (tmp_path / "records").mkdir()
    settings = {kind: {"files": f"{kind}.csv"} for kind in ("surveys", "customers", "roster")}
    assert refused(tmp_path / "recods", **settings) == [
        f"folder: there is no folder '{tmp_path / 'recods'}'; did you mean 'records'?"
    ]
    assert refused(tmp_path, contacts={"files": "lost/contacts.csv"}) == [
        "contacts.files: there is no folder 'lost'; say where the files lie [lost/contacts.csv]"
    ]


def test_a_fault_of_the_mapping_is_told_with_its_line_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mapping = (
        "tolerate: 0\n"
        "contacts:\n"
        "  files: [one.csv, two.csv]\n"
        "  columns: {gaol: goal}\n"
        "  words:\n"
        "    outcome:\n"
        "      good: resolvd\n"
    )
    write(tmp_path, one__csv=rows(*CALLS[:5]), two__csv=rows(*CALLS[5:9], NO_TIME), log__yaml=mapping)
    assert main(["calibrate", "log=log.yaml"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "log: 1 problem",
        "  contacts.columns.gaol: we have no such column; did you mean 'goal'? [log.yaml:4]",
    ]
    write(tmp_path, log__yaml=mapping.replace("gaol", "goal"))
    assert main(["calibrate", "log=log.yaml"]) == 1
    first, *told = capsys.readouterr().err.splitlines()
    assert first == "log: 3 problems"
    assert told[0] == (
        "  contacts.words.outcome.good: 'resolvd' is no word of ours; did you mean 'resolved'? [log.yaml:7]"
    )
    assert told[2].startswith("  tolerate: 1 of 10 rows (10.0%) cannot be used")
    assert told[2].endswith(" [log.yaml:1]")


def test_words_that_no_row_has_are_told_with_what_they_may_have_meant(tmp_path):
    write(tmp_path, contacts__csv=rows(*CALLS[:8]).replace("resolved", "solved"))
    words = {"outcome": {"sloved": "resolved", "TEST": "set_aside"}, "channel": {"phone": "call", "letter": "post"}}
    found = read(tmp_path, contacts=contacts(words=words))
    assert found.unheard == [
        "no row has 'sloved' (contacts.words.outcome); did you mean 'solved'?",
        "no row has 'TEST' (contacts.words.outcome); known: solved",
        "no row has 'letter' (contacts.words.channel)",
    ]
    assert set(found.contacts["outcome"]) == {"solved"}  # a word of the company's own


def test_answers_of_customers_whose_contacts_are_set_aside_are_no_faults_of_their_own(tmp_path):
    surveys = "customer,score\nK000,8\nK001,7\nK999,3\n"
    write(tmp_path, contacts__csv=rows(*CALLS[:1], NO_TIME.replace("K000", "K001")), surveys__csv=surveys)
    found = read(tmp_path, surveys={"files": "surveys.csv"}, tolerate=0.4)  # two of five
    assert found.surveys["score"].to_list() == [8]
    assert found.set_aside.filter(file="surveys.csv").select("line", "reason", "remedy").rows() == [
        (4, "a customer without any contact", "leave it out, or add the contacts of this customer"),
        (3, "a customer whose contacts are all set aside", "mend those contacts, and the answer will be used"),
    ]


def test_no_row_of_a_roster_is_set_aside_but_by_the_mapping(tmp_path):
    roster = ROSTER.replace(",20\n", ",20 EUR\n", 3) + ",mon,08:00,10:00,12\n"
    write(tmp_path, contacts__csv=CONTACTS, roster__csv=roster)
    assert refused(tmp_path, roster={"files": "roster.csv"}) == [
        "no pool: 1 row; fill it in, or leave the row out [roster.csv:13]",
        "wage is not a number: 3 rows, such as '20 EUR'; write a plain number such as 8 [roster.csv:3]",
    ]
    words = {"pool": {"canteen": "set_aside"}}
    write(tmp_path, roster__csv=ROSTER)
    assert set(read(tmp_path, roster={"files": "roster.csv", "words": words}).roster["pool"]) == {"hotline"}


# ---- who they are ----------------------------------------------------------------------------------------------------


def test_the_same_person_has_the_same_pseudonym_in_every_table_under_one_key_and_another_under_another():
    assert pseudonym(KEY, "K001") == pseudonym(KEY, "K001")
    assert pseudonym(KEY, "K001") != pseudonym(KEY, "K002")
    assert pseudonym(KEY, "K001") != pseudonym(b"another", "K001")


def test_customers_and_staff_are_hidden_on_reading(tmp_path):
    write(tmp_path, contacts__csv=CONTACTS, customers__csv=CUSTOMERS, surveys__csv=SURVEYS)
    found = read(tmp_path, customers={"files": "customers.csv"}, surveys={"files": "surveys.csv"})
    assert set(found.contacts["customer"]) == {pseudonym(KEY, f"K{n:03d}") for n in range(36)}
    assert set(found.contacts["member"]) == {pseudonym(KEY, name) for name in ("Ann Meyer", "Bob Stone")}
    assert set(found.surveys["customer"]) == {pseudonym(KEY, "K000"), pseudonym(KEY, "K001")}
    assert found.customers["customer"][7] == pseudonym(KEY, "K007")


def test_nothing_that_calibration_writes_names_a_person_or_a_journey(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    strangers = "K999,,8,2025-01-06 09:00:00\nK001,J0001,3,2025-01-06 09:30:00\n"
    write(tmp_path, contacts__csv=rows(*CALLS, TWICE, NO_TIME), surveys__csv=SURVEYS + strangers)
    write(tmp_path, customers__csv=CUSTOMERS + "K001,firm,,\n", roster__csv=ROSTER)
    log = {kind: {"files": f"{kind}.csv"} for kind in ("contacts", "surveys", "customers", "roster")}
    write(tmp_path, log__yaml=yaml.safe_dump(log))
    words = ["calibrate", "log=log.yaml", "holdout=1 week", "replications=2", "workers=1", "track=false"]
    assert main(words) == 0
    files = {path: path.read_bytes() for path in (tmp_path / "outputs").rglob("*") if path.is_file()}
    key = tmp_path / "outputs" / ".pseudonym-key"
    text = b"".join(content for path, content in files.items() if path != key).decode()
    people = [f"K{n:03d}" for n in [*range(40), 999]]
    assert [name for name in [*people, "Ann", "Bob", "Meyer", "J0000", "J9"] if name in text] == []
    aside = pl.read_csv(tmp_path / "outputs" / "calibrate" / "log" / "set_aside.csv")
    assert sorted(aside.select("file", "line", "reason").rows()) == [
        ("contacts.csv", 182, "the same contact again"),
        ("contacts.csv", 183, "joined is not a time"),
        ("customers.csv", 42, "the same customer again"),
        ("surveys.csv", 4, "a customer without any contact"),
    ]
    assert pseudonym(key.read_bytes(), "K007") in aside["value"].to_list()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    scenario = tmp_path / "outputs" / "scenario" / "log.yaml"
    assert yaml.safe_load(scenario.read_text(encoding="utf-8"))["data"] == {
        f"{kind}.csv": sha256((tmp_path / f"{kind}.csv").read_bytes()).hexdigest() for kind in log
    }
    assert main(words) == 0
    assert {path: path.read_bytes() for path in files} == files
