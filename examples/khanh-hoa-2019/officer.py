#!/usr/bin/env python3
"""Does what an officer does on the first morning: waits for the alert of password guessing by SSH and
makes an incident of it, through the API. Nothing when there is an incident already.

    officer.py http://127.0.0.1:8080 FIRST_LOGIN_FILE

Standard library only.
"""
import http.cookiejar
import json
import re
import sys
import time
import urllib.request

RULE = "4c46fd92-4522-4559-88ec-8e78ccdd3631"  # rules/correlation/sshd_password_guessing.yml


class Officer:
    def __init__(self, base, password):
        self.base = base + "/api/v1"
        self.open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())).open
        self.csrf = None
        self.csrf = self.call("POST", "/session", {"name": "lead", "password": password})["csrf"]

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.csrf and method != "GET":
            headers["X-Haidang-Csrf"] = self.csrf
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        with self.open(request, timeout=20) as reply:
            return json.loads(reply.read() or b"null")


def main(base, login_file):
    with open(login_file, encoding="utf-8") as file:
        found = re.search(r"lead\s+password: (\S+)", file.read())
    if not found:
        sys.exit("the first password of lead is not valid any more: open the incident in the console")
    officer = Officer(base, found[1])
    if officer.call("GET", "/incidents?limit=1")["items"]:
        return
    for _ in range(60):
        alerts = officer.call("GET", "/alerts?limit=100")["items"]
        found = next((a for a in alerts if a["rule"] == RULE and a["state"] == "new"), None)
        if found:
            officer.call("POST", f"/alerts/{found['id']}/escalate",
                         {"note": "Nhiều lần đoán mật khẩu rồi đăng nhập được: mở sự cố để xử lý."})
            return
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:3])
