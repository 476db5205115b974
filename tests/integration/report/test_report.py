"""The plan in a terminal and on paper: check, lint and the report, over a real server's records; the
document is opened by LibreOffice as an official would."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from haidang import ROOT, Server, Skip, check, main, test, wait_for  # noqa: E402

PLAN = ROOT / "plans/802-kh-ubnd-2019"
server = Server()


def pdf_text(docx):
    """What LibreOffice makes of it."""
    if not shutil.which("soffice") or not shutil.which("pdftotext"):
        raise Skip("soffice and pdftotext are needed")
    profile = docx.parent / "profile"
    subprocess.run(["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to",
                    "pdf", "--outdir", str(docx.parent), str(docx)], check=True, capture_output=True,
                   timeout=180)
    pdf = docx.with_suffix(".pdf")
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True,
                          timeout=60, text=True).stdout
    return text


@test("plan check answers for every obligation, measured from what arrived or honestly unknown")
def _():
    result = json.loads(server.cli("plan", "check", "--json", expect=None).stdout)
    states = {}
    for standing in result["standings"]:
        states.setdefault(standing["obligation"]["id"], set()).add(standing["standing"])
    check(len(states) >= 40, f"{len(states)} obligations")
    check("unknown" not in states["II.2.1.b"], "incident response is measured")
    check(states["II.2.2.a"] == {"unknown"}, "no assessment was ever recorded")
    sentences = {s["sentence"] for s in result["standings"] if s["obligation"]["id"] == "II.2.2.a"}
    check(sentences == {"no evidence yet"}, str(sentences))


@test("what is heard moves monitoring's figure, and its rows name the system")
def _():
    source = next(iter(sorted(path.name for path in (server.data / "secrets/tokens").iterdir())))
    check(server.post([{"message": "the lamp burns"}], server.token(source)).status == 200, "posted")

    def heard():
        out = server.cli("plan", "check", "--obligation", "II.2.1.a", "--json", "--evidence", expect=None)
        rows = [row for s in json.loads(out.stdout)["standings"] for t in s["targets"]
                if t["measure"] == "monitoring.heard" for row in t["rows"]]
        return [row for row in rows if row["ok"] and "heard on 1 of 1 days" in row["reason"]]
    rows = wait_for("the event to count", heard)
    check(rows[0]["links"][0]["kind"] == "system", str(rows[0]))


@test("a date after the period ends the patience: exit status 1")
def _():
    done = server.cli("plan", "check", "--at", "2029-01-10", "--obligation", "II.2.1.a", expect=1)
    check("not met" in done.stdout, done.stdout[-500:])


@test("plan check refuses what cannot be asked")
def _():
    check("is no period" in server.cli("plan", "check", "--period", "2026-Q9", expect=2).stderr)
    check("no agency 'nobody'" in server.cli("plan", "check", "--agency", "nobody", expect=2).stderr)


@test("plan lint finds no fault, and coverage misses no sentence")
def _():
    out = server.cli("plan", "lint", "--coverage", "--plan", PLAN).stdout
    check(re.search(r"\b0 missed\b", out) and "0 faults" in out, out[-300:])


@test("plan lint shows the line of a broken plan")
def _():
    copy = server.place / "broken"
    shutil.copytree(PLAN, copy)
    text = (copy / "plan.yaml").read_text(encoding="utf-8")
    (copy / "plan.yaml").write_text(text.replace("cadence: year", "cadence: weekly", 1), encoding="utf-8")
    done = server.cli("plan", "lint", "--plan", copy, "--regimes", ROOT / "regimes", expect=2)
    check(re.search(r"plan\.yaml:\d+:\d+: .*'weekly' is no cadence", done.stderr), done.stderr)
    check("^" in done.stderr, "the place is marked")
    (copy / "plan.yaml").write_text(text, encoding="utf-8")
    (copy / "measures/check.own.sql").write_text("SELECT password FROM user", encoding="utf-8")
    done = server.cli("plan", "lint", "--plan", copy, "--regimes", ROOT / "regimes", expect=1)
    check("may not" in done.stdout and "check.own.sql" in done.stdout, done.stdout)


@test("LibreOffice opens the report, and the figures in it are those of plan check")
def _():
    out = server.place / "report.docx"
    server.cli("report", "standing", "--out", out)
    with zipfile.ZipFile(out) as docx:
        document = docx.read("word/document.xml").decode()
    check("w:sdt" not in document, "every control was filled")
    text = pdf_text(out)
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "BÁO CÁO",
                  "Giám sát, ứng cứu sự cố", "chưa có minh chứng", "Nơi nhận:", "Lưu: VT, ["):
        check(words in text, f"'{words}' is not in the document")
    check(not text.split("\f")[0].lstrip().startswith("1"), "page 1 shows its number")
    result = json.loads(server.cli("plan", "check", "--period", period_of(text), "--json",
                                   expect=None).stdout)
    total = re.search(r"Cộng((?:\s+\d+){6})", text)
    check(total, "the table has a sum")
    counts = [int(number) for number in total[1].split()]
    check(counts == [result["counts"][name] for name in ("met", "due", "late", "not_met", "exempt",
                                                         "unknown")], f"{counts} {result['counts']}")


def period_of(text):
    quarter, year = re.search(r"quý (I{1,3}|IV) năm (\d{4})", text).groups()
    return f"{year}-Q{['I', 'II', 'III', 'IV'].index(quarter) + 1}"


@test("a template that LibreOffice saved again still works")
def _():
    template = server.place / "template.docx"
    subprocess.run([str(server_program()), "report", "template", "--out", str(template)], check=True)
    if not shutil.which("soffice"):
        raise Skip("soffice is needed")
    folder = server.place / "again"
    subprocess.run(["soffice", f"-env:UserInstallation=file://{server.place / 'profile'}", "--headless",
                    "--convert-to", "docx", "--outdir", str(folder), str(template)], check=True,
                   capture_output=True, timeout=180)
    out = server.place / "second.docx"
    server.cli("report", "standing", "--template", folder / "template.docx", "--out", out)
    text = pdf_text(out)
    check("Giám sát, ứng cứu sự cố" in text and "[clauses.name]" not in text, text[:2000])


@test("a template with an unknown field is refused with its name")
def _():
    template, bad = server.place / "mine.docx", server.place / "bad.docx"
    subprocess.run([str(server_program()), "report", "template", "--out", str(template)], check=True)
    with zipfile.ZipFile(template) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"summary"', b'"sumary"'))
    done = server.cli("report", "standing", "--template", bad, "--out", server.place / "no.docx", expect=2)
    check("unknown field 'sumary'" in done.stderr, done.stderr)
    check(not (server.place / "no.docx").exists(), "nothing was written")


def server_program():
    from haidang import HAIDANG
    return HAIDANG


if __name__ == "__main__":
    main()
