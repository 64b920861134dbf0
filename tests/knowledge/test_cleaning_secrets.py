"""Secrets: precision and recall on lines labelled by hand. A ``~`` is dropped on reading, so no key stands here whole."""

from __future__ import annotations

import pytest
from srm_knowledge.cleaning.secrets import entropy, find_secrets
from srm_knowledge.cleaning.spans import redact

from srm_core.records import Document, Source

# What stands between ⟦ and ⟧ must be hidden, nothing else.
LINES = """
aws_access_key_id = ⟦AK~IAIOSFODNN7EXAMPLE⟧
Use ⟦AS~IAQ4YHTR2LK77PZM3C⟧ for the session.
aws_secret_access_key = ⟦wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzKQ81tV0q⟧
token: ⟦gh~p_R4nd0mTok3nF0rT3sting0nlyAbCdEf123456⟧
git clone https://bot:⟦gh~s_8aK2pQ9rT5vW1xY3zB6cD0eF4gH7jL2mN5pQ⟧@example.org/repo.git
export GITHUB=⟦git~hub_pat_11AB2CD3E0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLmNoPqRsTuVwXyZ01⟧
GitLab: ⟦gl~pat-x7Kq2mZp9Rt4Wv8Yb3Nc⟧
SLACK_BOT_TOKEN=⟦xo~xb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx⟧
Post to ⟦https://hooks.sl~ack.com/services/T00000000/B00000000/XXXXabcdXXXX1234⟧ to notify us.
stripe.api_key = "⟦sk~_live_4eC39HqLyjWDarjtT1zdp7dcXx⟧"
STRIPE=⟦rk~_test_51HqLyjWDarjtT1zdp7dc0000⟧
OPENAI_API_KEY=⟦sk~-proj-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z⟧
client = Client(api_key="⟦sk~-ant-api03-Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg0⟧")
login(token="⟦hf~_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH⟧")
maps.js?key=⟦AI~zaSyD4x8Kq2mZp9Rt4Wv8Yb3Nc7Lf5Hj1Gd0e⟧
//registry/:_authToken=⟦np~m_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5⟧
sendgrid: ⟦SG~.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr⟧
mailgun ⟦ke~y-3ax6xnjp29jd6fds4gc373sgvjxteol0⟧ in the script
mailgun ⟦ke~y-9f86d081884c7d659a2feaa0c55ad015⟧ in the script
twilio ⟦SK~1b2c3d4e5f60718293a4b5c6d7e8f901⟧ and its secret
Authorization: Bearer ⟦ey~JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N⟧
curl -H "Authorization: Bearer ⟦9aF3kLm2Qx7TzP0vRw8Y⟧" https://api.example.org
Authorization: Basic ⟦YWRtaW46aHVudGVyMjIy⟧
cookie = ⟦ey~JraWQiOiJhYmMxMjMifQ.eyJ1c2VyIjoiYW5uIn0.Q2hlY2tTaWduYXR1cmU⟧
password = "⟦hunter2hunter⟧"
DB_PASSWORD=⟦Tr0ub4dor&3⟧
db.password: ⟦s3cr3t!2024⟧
"passwd": "⟦Winter-Is-Coming⟧"
'pwd' => '⟦qwerty1234⟧'
my_secret = '⟦correct-horse-battery-staple⟧'
client_secret: "⟦8f14e45fceea167a5a36dedd4bea2543⟧"
API_KEY = ⟦0a1b2c3d4e5f60718293a4b5⟧
apikey=⟦zaCELgL0imfnc8mVLWwsAawjYr4Rx⟧
encryption_key: ⟦base64:Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==⟧
SECRET_KEY = "⟦django-insecure-#9x@2k!q7m^w4z$v8b*n5c⟧"
auth_token := "⟦f47ac10b58cc4372a5670e02b2c3d479⟧"
postgres://app:⟦pa55word⟧@db.internal:5432/main
redis://:x@localhost and amqp://guest:⟦guest99⟧@mq:5672
mongodb+srv://root:⟦S0meP4ss⟧@cluster0.example.net/test
ftp://anna:⟦garden⟧@files.example.org/
The password is ⟦Blue-Tiger-77⟧ until Monday.
My API key is ⟦q8w7e6r5t4y3u2i1⟧, do not share it.
the passphrase was "⟦over9000hills⟧" last year
X-Token: ⟦d41d8cd98f00b204e9800998ecf8427e⟧
machine example.org login bob password ⟦ab12cd34⟧
deploy key ⟦Zk8Qw3Rt6Yu1Io9Pa2Sd5Fg7Hj4Kl0X⟧ was found in the log
session ⟦q7Rk2ZxV9bNm4Ls8Wd1Gf6Hj3Tp5Yc0Ae⟧ stayed open
hunter2 is what he typed: ⟦hunter2⟧
pin is ⟦839201⟧ for the safe
The combination of the lock is ⟦12-34-56⟧.
password = os.environ["DB_PASSWORD"]
password: ${DB_PASSWORD}
password = getpass.getpass()
api_key = "YOUR_API_KEY"
api_key = "your-key-here"
token: <your token>
token = None
secret: changeme
password: ********
password=xxxxxxxx
passwords should be long and rarely reused
The secret of the recipe is patience.
The password is required.
Password: required, at least 12 characters
tokens: 4096
token_type = "bearer"
max_tokens=1024
"token_count": 182736
the key: value pairs are sorted
primary_key=True
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
md5 d41d8cd98f00b204e9800998ecf8427e of the empty file
id 550e8400-e29b-41d4-a716-446655440000 of the row
InChIKey=BSYNRYMUTXBXSQ-UHFFFAOYSA-N is aspirin
InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)
SMILES CC(=O)OC1=CC=CC=C1C(=O)O
ATGCGTACGTTAGCCGATCGATCGGCTAGCTAGCATCG
MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQ
https://example.org/articles/2021/03/the-long-title-of-an-article
https://example.org:8080/path?query=1
/usr/local/lib/python3.11/site-packages/numpy/core
InternationalBusinessMachinesCorporation
getElementsByClassNameAndTagNameOrDefault
AbstractSingletonProxyFactoryBean2
thisIsAVeryLongCamelCaseVariableNameForTesting
SELECT_STATEMENT_WITH_A_VERY_LONG_NAME
pneumonoultramicroscopicsilicovolcanoconiosis
1234567890123456789012345678901234567890
3.14159265358979323846264338327950288
0x7fffffffe4a8 is an address on the stack
9780306406157 is an ISBN
E11.65, I10, N18.3, Z79.4 and J45.909
doi:10.1038/s41586-020-2649-2
arXiv:2005.14165v4 [cs.CL]
data:image/png;base64,AAAA
-----BEGIN PUBLIC KEY-----
ssh-keygen -t ed25519 -C comment
Bearer of bad news, the messenger left.
The bearer token is sent in a header.
Basic understanding of statistics is assumed.
mailto:someone@example.org
user@host:/srv/data
time 12:34:56 at the desk
a:b:c@d is no address
secret ballots protect voters
The access key opens the side door.
private keys must never be shared
client secret rotation is described below
Enter your password and press return.
password_hash_iterations
forgot-password-link
authentication = required
the api key endpoint returns 403
token ring networks were common in 1990
1HGCM82633A004352
GB29NWBK60161331926819
k8s.io/api/core/v1
""".strip().split("\n")
HELD_OUT = """
GITHUB_PAT: ⟦gh~o_q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8⟧
aws configure set aws_access_key_id ⟦AK~IA2E0A8F3B244C9986⟧
secret_access_key: ⟦9drTJvcXLB89EXaMPLELB8923FB892xMFcAc7Q1z⟧
const token = '⟦xo~xp-2384729384-aBcD3fGh1jKl⟧';
"apiKey": "⟦AI~zaSyB-9tSrke72PouQMnMX-a7eZSW0jkFMBWY⟧",
spring.datasource.password=⟦p@ssw0rd⟧
mysql -u root -p⟦S3cretPw⟧ shop
sshpass -p '⟦letmein!9⟧' ssh host
https://deploy:⟦x8kQz0⟧@git.example.org/a.git
jdbc:postgresql://h/db?user=a&password=⟦zebra42x⟧
Your temporary password is ⟦Fk3!pQz8⟧.
passphrase = "⟦seven wolves sing⟧"
export HF_TOKEN=⟦hf~_ZyXwVuTsRqPoNmLkJiHgFeDcBa98765432⟧
bearer ⟦AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2BuSeid⟧
SG key ⟦SG~.aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb⟧
-H 'X-Api-Key: ⟦4f3c2b1a-9e8d-7c6b-5a49-3827160f5e4d⟧'
wifi key: ⟦sunflower2020⟧
the secret is ⟦Mellon⟧
npm config set _auth ⟦dXNlcjpwYXNzd29yZDEyMw==⟧
cookie: session=⟦s%3AqX9kLm2Pz7.Rt5Yv8Wb3Nc6Lf1Hj4⟧
token = tokenizer.encode(text)
secret_name = "db-credentials"
password: str = Field(min_length=8)
api_key: Optional[str] = None
PASSWORD_RESET_TIMEOUT = 259200
if password == confirm_password:
token = request.headers["X-Token"]
the password is stored as a salted hash
git checkout 3b18e512dba79e4c8300dd08aeb37f8e728b8dad
the plasmid pUC19-AmpR-lacZ-2686bp was used
Bearer plants hold the seeds.
secrets.token_urlsafe(32)
key: C major
a sha1 of da39a3ee5e6b4b0d3255bfef95601890afd80709
""".strip().split("\n")  # written after the patterns, which were not changed for them


KEY_BLOCK = "-----BEGIN RSA PRIVATE~ KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE~ KEY-----".replace("~", "")


def unmarked(line: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the line without its marks, and where the marked parts stand."""
    text, spans = "", []
    for piece in line.replace("~", "").split("⟦"):
        inside, closed, after = piece.partition("⟧")
        if closed:
            spans.append((len(text), len(text) + len(inside)))
        text += inside + after
    return text, spans


def measured(lines: list[str]) -> tuple[float, float]:
    """Return recall (marked parts hidden whole) and precision (places found that touch a marked part)."""
    hidden = wanted = right = found = 0
    wrong: list[str] = []
    for line in lines:
        text, labels = unmarked(line)
        spans = find_secrets(text)
        wanted, found = wanted + len(labels), found + len(spans)
        for start, end in labels:
            covered = any(span.start <= start and end <= span.end for span in spans)
            hidden += covered
            wrong += [] if covered else [f"missed: {text[start:end]}"]
        for span in spans:
            true = any(span.start < end and start < span.end for start, end in labels)
            right += true
            wrong += [] if true else [f"{span.kind}: {text[span.start : span.end]}"]
    print(f"recall {hidden}/{wanted}, precision {right}/{found}", wrong)  # noqa: T201
    return hidden / wanted, right / found


def test_precision_and_recall_on_the_labelled_lines() -> None:
    recall, precision = measured(LINES)
    assert len(LINES) >= 100
    assert recall >= 0.90
    assert precision >= 0.95


def test_entropy_by_hand() -> None:
    assert entropy("aaaa") == 0.0
    assert entropy("abab") == pytest.approx(1.0)
    assert entropy("aabc") == pytest.approx(1.5)  # 1/2 * 1 + 2 * 1/4 * 2


def test_a_key_block_is_hidden_whole() -> None:
    document = Document(text=f"before\n{KEY_BLOCK}\nafter", source=Source(name="s", licence="CC0-1.0"))
    result = redact([document], find_secrets)
    assert result.kept[0].text == "before\n[PRIVATE_KEY]\nafter"
    assert result.counts["private_key"] == 1


def test_precision_and_recall_on_lines_the_patterns_were_not_made_for() -> None:
    recall, precision = measured(HELD_OUT)
    assert recall >= 0.55
    assert precision >= 0.80
