"use strict";
(() => {
  /* All text of the logs reaches the page by textContent only. */
  const data = JSON.parse(document.getElementById("data").textContent);
  const LEVELS = ["critical", "high", "medium", "low", "informational"];
  const MARKS = { critical: "◆", high: "▲", medium: "■", low: "●", informational: "○" };
  const TACTICS = [
    ["reconnaissance", "re", "Reconnaissance", "Trinh sát"],
    ["resource-development", "rd", "Resource development", "Chuẩn bị phương tiện"],
    ["initial-access", "ia", "Initial access", "Xâm nhập ban đầu"],
    ["execution", "ex", "Execution", "Thực thi"],
    ["persistence", "pe", "Persistence", "Bám trụ"],
    ["privilege-escalation", "pr", "Privilege escalation", "Leo thang đặc quyền"],
    ["defense-evasion", "de", "Defense evasion", "Lẩn tránh phòng thủ"],
    ["stealth", "st", "Stealth", "Ẩn mình"],
    ["defense-impairment", "di", "Defense impairment", "Làm suy yếu phòng thủ"],
    ["credential-access", "ca", "Credential access", "Lấy thông tin xác thực"],
    ["discovery", "dc", "Discovery", "Dò xét nội bộ"],
    ["lateral-movement", "lm", "Lateral movement", "Di chuyển ngang"],
    ["collection", "co", "Collection", "Thu thập dữ liệu"],
    ["command-and-control", "cc", "Command and control", "Điều khiển từ xa"],
    ["exfiltration", "xf", "Exfiltration", "Tuồn dữ liệu ra ngoài"],
    ["impact", "im", "Impact", "Gây hậu quả"],
  ];
  const TEXT = {
    en: {
      report: "Detection report", print: "Print", skip: "To the alerts", language: "Tiếng Việt",
      auto: "Theme: system", light: "Theme: light", dark: "Theme: dark",
      critical: "Critical", high: "High", medium: "Medium", low: "Low", informational: "Informational",
      found: (a, r, h) => `${a} alerts by ${r} rules${h ? ` on ${h} hosts` : ""}`,
      nothing: "No rule matched", about: (f, e, when) => `${e} events in ${f} files · made ${when}`,
      events: "Events read", matched: "Events that matched", files: "Files", rulesRun: "Rules run",
      refused: n => `${n} refused`, speed: "Took", perSecond: n => `${n} events/s`, span: "Alerts from – to",
      damaged: n => `${n} places in the files were damaged: what could be read was scanned`,
      undecoded: n => `${n} lines were read by no decoder: they met no rule`,
      unknown: n => `${n} events are of a log source that nobody knows: no rule was tried on them`,
      dropped: n => `${n} hits of correlations came too late or found no room`,
      untimed: n => `${n} alerts have no time: they are not in the time line`,
      timeline: "Time line", timelineHint: "Drag over it to see only that time; double-click to see all.",
      matrix: "ATT&CK matrix", matrixHint: "Techniques that the rules which matched name; the darker, the more alerts. Click to filter.",
      topHosts: "Hosts", topRules: "Rules", alertsByRule: "Alerts by rule", query: "Filter: words, host, rule, field value, T1059 …",
      shown: (a, b, c, d) => `${a} of ${b} rules, ${c} of ${d} alerts`, all: "all", clear: "Clear all",
      hosts: n => n === "1" ? "1 host" : `${n} hosts`, author: "Author", license: "Licence", rule: "Rule", level: "Level",
      file: "File", record: "record", line: "line", noHost: "no host named", noMatch: "Nothing fits these filters.",
      empty: "No rule matched in these files. The figures above say what was read.",
      more: (k, n) => `The first ${k} of ${n} stand here; haidang detect --json gives all.`,
      moreHosts: n => `and ${n} more`, pattern: "rule says", absent: "not there", notHeld: "did not apply",
      whole: "whole record", left: n => `${n} alerts are counted here but not listed, so that the page stays small.`,
      otherHosts: n => `${n} alerts are of hosts beyond the 20,000 counted`, correlation: "Correlation", noTechnique: "without a technique",
      references: "References", falsepositives: "Known false positives", foot: "Rules keep their authors and licences (Detection Rule License). Technique names: ATT&CK, © The MITRE Corporation.",
      madeBy: v => `Made by haidang detect ${v}. The page holds its data, loads nothing and sends nothing.`, whyLeft: "why: too long for this page",
    },
    vi: {
      report: "Kết quả dò tìm tấn công", print: "In", skip: "Đến cảnh báo", language: "English",
      auto: "Nền: theo máy", light: "Nền: sáng", dark: "Nền: tối",
      critical: "Nghiêm trọng", high: "Cao", medium: "Trung bình", low: "Thấp", informational: "Thông tin",
      found: (a, r, h) => `${a} cảnh báo từ ${r} luật${h ? ` trên ${h} máy` : ""}`,
      nothing: "Không luật nào khớp", about: (f, e, when) => `${e} sự kiện trong ${f} tập tin · lập lúc ${when}`,
      events: "Sự kiện đã đọc", matched: "Sự kiện khớp luật", files: "Tập tin", rulesRun: "Luật đã chạy",
      refused: n => `${n} bị từ chối`, speed: "Thời gian", perSecond: n => `${n} sự kiện/giây`, span: "Cảnh báo từ – đến",
      damaged: n => `${n} chỗ trong tập tin bị hỏng: phần đọc được đã được dò`,
      undecoded: n => `${n} dòng không bộ giải mã nào đọc được: không luật nào được thử`,
      unknown: n => `${n} sự kiện thuộc nguồn nhật ký chưa ai biết: không luật nào được thử`,
      dropped: n => `${n} lượt của luật tương quan đến quá muộn hoặc không còn chỗ`,
      untimed: n => `${n} cảnh báo không có thời điểm: không nằm trên dòng thời gian`,
      timeline: "Dòng thời gian", timelineHint: "Kéo để chỉ xem khoảng đó; nhấp đúp để xem tất cả.",
      matrix: "Ma trận ATT&CK", matrixHint: "Các kỹ thuật mà luật đã khớp nêu tên; càng đậm càng nhiều cảnh báo. Nhấp để lọc.",
      topHosts: "Máy", topRules: "Luật", alertsByRule: "Cảnh báo theo luật", query: "Lọc: từ, tên máy, luật, giá trị, T1059 …",
      shown: (a, b, c, d) => `${a}/${b} luật, ${c}/${d} cảnh báo`, all: "tất cả", clear: "Bỏ lọc",
      hosts: n => `${n} máy`, author: "Tác giả", license: "Giấy phép", rule: "Luật", level: "Mức",
      file: "Tập tin", record: "bản ghi", line: "dòng", noHost: "không nêu tên máy", noMatch: "Không gì khớp các bộ lọc này.",
      empty: "Không luật nào khớp trong các tập tin này. Các số ở trên cho biết đã đọc những gì.",
      more: (k, n) => `Ở đây là ${k} trong ${n} cảnh báo đầu tiên; haidang detect --json cho tất cả.`,
      moreHosts: n => `và ${n} máy nữa`, pattern: "luật nêu", absent: "không có", notHeld: "không áp dụng",
      whole: "cả bản ghi", left: n => `${n} cảnh báo được đếm nhưng không liệt kê, để trang gọn nhẹ.`,
      otherHosts: n => `${n} cảnh báo thuộc các máy ngoài 20.000 máy được đếm`, correlation: "Tương quan", noTechnique: "không nêu kỹ thuật",
      references: "Tham khảo", falsepositives: "Báo nhầm đã biết", foot: "Luật giữ tên tác giả và giấy phép của mình (Detection Rule License). Tên kỹ thuật: ATT&CK, © The MITRE Corporation.",
      madeBy: v => `Lập bởi haidang detect ${v}. Trang chứa sẵn dữ liệu, không tải gì và không gửi gì.`, whyLeft: "lý do: quá dài cho trang này",
    },
  };
  const SVG = "http://www.w3.org/2000/svg";
  const state = { language: data.language === "en" ? "en" : "vi", theme: "auto", level: null, host: null, technique: null, rule: null, span: null, words: [] };
  const id = name => document.getElementById(name);
  const say = (key, ...rest) => { const text = TEXT[state.language][key]; return typeof text === "function" ? text(...rest) : text; };
  const number = n => new Intl.NumberFormat(state.language === "vi" ? "vi-VN" : "en-GB").format(n);
  const name = rule => state.language === "vi" && rule.title_vi || rule.title;
  const sum = list => list.reduce((a, b) => a + b, 0);

  function make(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(properties || {})) {
      if (key === "on") for (const [event, action] of Object.entries(value)) node.addEventListener(event, action);
      else if (key in node && key !== "list") node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
    return node;
  }
  function draw(tag, attributes, text) {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }
  /* In the zone of the one who looks, as the rest of his tools show it. */
  function moment(seconds, short) {
    if (!seconds) return "–";
    const d = new Date(seconds * 1000), two = n => String(n).padStart(2, "0");
    const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
    return short ? day : `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  }

  /* What all files have in front is said once, above. */
  const folder = data.files.length > 1 ? data.files.reduce((a, b) => { let i = 0; while (i < a.length && a[i] === b[i]) i++; return a.slice(0, i); }).replace(/[^/]*$/, "") : "";

  /* --- techniques --- */
  const known = new Map();
  for (const line of id("attack").textContent.split("\n")) {
    const [key, tactics, title] = line.split("\t");
    if (title) known.set(key.trim(), { tactics: tactics ? tactics.split(",") : [], title });
  }
  const code = new Map(TACTICS.map(t => [t[0], t[1]]));
  for (const rule of data.rules) {
    rule.tactics = [];
    rule.techniques = [];
    for (const tag of rule.tags) {
      const text = tag.toLowerCase();
      if (/^attack\.t\d{4}(\.\d{3})?$/.test(text)) rule.techniques.push(text.slice(7).toUpperCase());
      else if (text.startsWith("attack.") && code.has(text.slice(7).replace(/_/g, "-"))) rule.tactics.push(code.get(text.slice(7).replace(/_/g, "-")));
    }
    rule.search = [rule.title, rule.title_vi, rule.id, rule.tags.join(" "), rule.author, rule.level, ...rule.hosts.map(h => data.hosts[h[0]].name),
      ...rule.techniques.map(t => (known.get(t) || {}).title || "")].join(" ").toLowerCase();
    for (const alert of rule.alerts) {
      alert.search = [alert.entity, data.files[alert.file], alert.host >= 0 ? data.hosts[alert.host].name : "",
        ...reasons(alert).map(w => `${w.field || ""} ${w.value || ""}`)].join(" ").toLowerCase();
    }
  }
  function reasons(alert) {
    if (Array.isArray(alert.why)) return alert.why;
    const group = alert.why && alert.why.group || {};
    return Object.keys(group).map(field => ({ field, value: String(group[field]) }));
  }
  function matrix() {
    const cells = new Map();
    for (const rule of data.rules) {
      for (const technique of rule.techniques) {
        const parent = technique.split(".")[0], own = (known.get(parent) || { tactics: [] }).tactics;
        let where = rule.tactics.filter(t => own.includes(t));
        if (!where.length) where = rule.tactics.length ? rule.tactics : own;
        for (const tactic of new Set(where)) {
          const key = `${tactic} ${parent}`;
          const cell = cells.get(key) || { tactic, technique: parent, rules: new Set(), subs: new Set(), count: 0, level: 4 };
          if (!cell.rules.has(rule)) cell.count += rule.count;
          cell.rules.add(rule);
          if (technique !== parent) cell.subs.add(technique);
          cell.level = Math.min(cell.level, LEVELS.indexOf(rule.level));
          cells.set(key, cell);
        }
      }
    }
    return [...cells.values()];
  }

  /* --- filters --- */
  const inSpan = alert => !state.span || (alert.time >= state.span[0] && alert.time < state.span[1]);
  const hasTechnique = rule => !state.technique || rule.techniques.some(t => t.split(".")[0] === state.technique);
  function fits(rule) {
    return (!state.level || rule.level === state.level) && (!state.rule || rule === state.rule) && hasTechnique(rule) &&
      (state.host === null || rule.hosts.some(h => h[0] === state.host));
  }
  function alertsOf(rule) {
    return rule.alerts.filter(alert => inSpan(alert) && (state.host === null || alert.host === state.host) &&
      state.words.every(word => rule.search.includes(word) || alert.search.includes(word)));
  }
  const narrowed = () => state.host !== null || state.span || state.words.length > 0;
  function toggle(key, value) {
    state[key] = state[key] === value ? null : value;
    show();
  }

  /* --- parts of the page --- */
  function showHead() {
    const s = data.summary, counts = LEVELS.map(level => sum(data.rules.filter(r => r.level === level).map(r => r.count)));
    document.documentElement.lang = state.language;
    document.documentElement.dataset.theme = state.theme;
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
    id("language").textContent = say("language");
    id("theme").textContent = say(state.theme);
    id("query").placeholder = say("query");
    id("query").setAttribute("aria-label", say("query"));
    const hosts = data.hosts.length;
    const line = s.alerts ? say("found", number(s.alerts), number(data.rules.length), hosts ? number(hosts) : 0) : say("nothing");
    id("headline").textContent = line;
    document.title = `${line} – Hải Đăng`;
    id("about").textContent = `${say("about", number(s.files), number(s.events), moment(data.made))} · ${data.paths.join("  ")}`;
    id("levels").replaceChildren(...LEVELS.map((level, i) => make("li", { className: counts[i] ? "" : "none" },
      make("button", { type: "button", className: `c-${level}`, "aria-pressed": String(state.level === level), on: { click: () => toggle("level", level) } },
        make("b", {}, number(counts[i])), make("span", {}, `${MARKS[level]} ${say(level)}`)))));
  }
  function showFacts() {
    const s = data.summary;
    const times = data.rules.filter(r => r.first).map(r => [r.first, r.last]);
    const fact = (title, value, small) => make("div", {}, make("dt", {}, say(title)), make("dd", { className: value.length > 12 ? "long" : "" }, value, small ? make("small", {}, ` ${small}`) : ""));
    id("facts").replaceChildren(
      fact("events", number(s.events)), fact("matched", number(s.matched)), fact("files", number(s.files)),
      fact("rulesRun", number(s.rules), s.refused ? say("refused", number(s.refused)) : ""),
      fact("speed", `${s.seconds.toFixed(2)} s`, say("perSecond", number(Math.round(s.events / Math.max(s.seconds, 0.001))))),
      fact("span", times.length ? `${moment(Math.min(...times.map(t => t[0])), true)} – ${moment(Math.max(...times.map(t => t[1])), true)}` : "–"));
    const warn = (text, list) => make("details", { className: "warning" }, make("summary", {}, text), make("ul", {}, ...list.map(line => make("li", {}, line))));
    const note = text => make("p", { className: "warning" }, text);
    id("warnings").replaceChildren(...[
      s.damaged && warn(say("damaged", number(s.damaged)), data.damage),
      s.unknown && warn(say("unknown", number(s.unknown)), data.unknown.map(u => `${u.name}: ${number(u.count)}`)),
      s.undecoded && note(say("undecoded", number(s.undecoded))), s.dropped && note(say("dropped", number(s.dropped))),
      s.untimed && note(say("untimed", number(s.untimed))), s.other_hosts && note(say("otherHosts", number(s.other_hosts))),
    ].filter(Boolean));
  }

  const W = 1200, H = 190, LEFT = 44, BOTTOM = 24, TOP = 8;
  function steps(most) {
    const raw = most / 4, power = 10 ** Math.floor(Math.log10(Math.max(raw, 1)));
    const step = [1, 2, 5, 10].map(n => n * power).find(n => n >= raw) || 1;
    return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  }
  function showTime() {
    const buckets = data.timeline, area = id("timeline");
    id("time").hidden = !buckets.length;
    if (!buckets.length) return;
    const width = data.bucket, begin = buckets[0][0], end = buckets[buckets.length - 1][0] + width;
    const columns = Math.max(1, Math.min(120, Math.round((end - begin) / width)));
    const span = (end - begin) / columns, bars = Array.from({ length: columns }, () => [0, 0, 0, 0, 0]);
    for (const [time, ...counts] of buckets) {
      const at = Math.min(columns - 1, Math.floor((time - begin) / span));
      counts.forEach((count, level) => { bars[at][4 - level] += count; });
    }
    const most = Math.max(1, ...bars.map(sum)), ticks = steps(most), top = Math.max(most, ticks[ticks.length - 1]);
    const x = i => LEFT + (W - LEFT) * i / columns, y = n => H - BOTTOM - (H - BOTTOM - TOP) * n / top;
    const svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img", "aria-label": say("timeline") });
    for (const tick of ticks) svg.append(draw("line", { x1: LEFT, x2: W, y1: y(tick), y2: y(tick), class: "axis" }));
    bars.forEach((bar, i) => {
      let below = 0;
      for (const level of [4, 3, 2, 1, 0]) {
        if (!bar[level]) continue;
        const from = y(below), to = y(below + bar[level]), height = Math.max(from - to, 1.5);
        svg.append(draw("rect", { x: x(i) + 0.6, y: from - height, width: Math.max(x(1) - x(0) - 1.2, 1), height, class: `s-${LEVELS[level]}` }));
        below += bar[level];
      }
    });
    const when = at => begin + (at - LEFT) / (W - LEFT) * (end - begin);
    if (state.span) {
      const place = t => LEFT + (W - LEFT) * (t - begin) / (end - begin);
      svg.append(draw("rect", { x: place(state.span[0]), width: Math.max(place(state.span[1]) - place(state.span[0]), 2), y: 0, height: H - BOTTOM, class: "brush" }));
    }
    const labels = make("div", { className: "legend" });
    const tip = make("div", { className: "tip", hidden: true });
    const at = event => { const box = svg.getBoundingClientRect(); return Math.max(LEFT, Math.min(W, (event.clientX - box.left) / box.width * W)); };
    let from = null, brush = null;
    svg.addEventListener("pointerdown", event => { from = at(event); brush = draw("rect", { x: from, y: 0, width: 0, height: H - BOTTOM, class: "brush" }); svg.append(brush); });
    svg.addEventListener("pointermove", event => {
      const place = at(event), i = Math.min(columns - 1, Math.floor((place - LEFT) / (W - LEFT) * columns)), bar = bars[i];
      if (brush) { brush.setAttribute("x", Math.min(from, place)); brush.setAttribute("width", Math.abs(place - from)); }
      tip.hidden = false;
      tip.replaceChildren(moment(begin + i * span), ...LEVELS.flatMap((level, k) => bar[k] ? [make("br"), `${MARKS[level]} ${say(level)}: ${number(bar[k])}`] : []));
      const box = svg.getBoundingClientRect(), left = place / W * box.width;
      tip.style.left = `${Math.max(0, Math.min(left + 12, box.width - tip.offsetWidth))}px`;
    });
    svg.addEventListener("pointerleave", () => { tip.hidden = true; });
    svg.addEventListener("pointerup", event => {
      const to = at(event);
      if (from !== null && Math.abs(to - from) > 6) { state.span = [when(Math.min(from, to)), when(Math.max(from, to))]; show(); }
      else if (brush) brush.remove();
      from = brush = null;
    });
    svg.addEventListener("dblclick", () => { state.span = null; show(); });
    labels.append(...LEVELS.map(level => make("span", { className: `c-${level}` }, make("i"), say(level))));
    area.replaceChildren(svg, tip, labels);
    const scale = make("div", { className: "legend" }, ...[0, 0.25, 0.5, 0.75, 1].map(part => make("span", {}, moment(begin + part * (end - begin)))));
    scale.style.justifyContent = "space-between";
    scale.style.paddingLeft = `${LEFT / W * 100}%`;
    if (area.clientWidth < 560) scale.replaceChildren(...[0, 1].map(part => make("span", {}, moment(begin + part * (end - begin), true))));
    area.insertBefore(scale, labels);
    for (const tick of ticks) {
      const label = make("span", { className: "hint" }, number(tick));
      Object.assign(label.style, { position: "absolute", left: "0", top: `${y(tick) - 9}px`, width: `${LEFT / W * 100 - 0.6}%`, minWidth: "24px", textAlign: "right", fontSize: "11px" });
      area.append(label);
    }
  }

  function showMatrix() {
    const cells = matrix(), most = Math.max(1, ...cells.map(c => c.count));
    id("matrix-card").hidden = !cells.length;
    const seen = new Set(cells.map(c => c.tactic));
    id("matrix").replaceChildren(...TACTICS.filter(t => seen.has(t[1]) || t[1] !== "de").map(([, key, en, vi]) => {
      const own = cells.filter(c => c.tactic === key).sort((a, b) => a.level - b.level || b.count - a.count || (a.technique < b.technique ? -1 : 1));
      return make("section", { className: own.length ? "tactic" : "tactic empty" },
        make("h3", {}, state.language === "vi" ? vi : en, make("small", {}, own.length ? number(own.length) : "–")),
        make("div", { className: "cells" }, ...own.map(cell => {
          const shade = 1 + Math.min(3, Math.floor(Math.log(cell.count + 0.5) / Math.log(most + 1) * 4));
          const subs = [...cell.subs].sort().map(t => `${t} ${(known.get(t) || {}).title || ""}`);
          return make("button", { type: "button", className: `cell c-${LEVELS[cell.level]} w${shade}`, "aria-pressed": String(state.technique === cell.technique),
            title: [`${cell.technique} · ${say(LEVELS[cell.level])} · ${say("found", number(cell.count), number(cell.rules.size), 0)}`, ...subs].join("\n"),
            on: { click: () => toggle("technique", cell.technique) } },
            make("b", {}, make("span", {}, `${MARKS[LEVELS[cell.level]]} ${cell.technique}`), make("span", {}, number(cell.count))),
            make("span", { lang: "en" }, (known.get(cell.technique) || {}).title || ""),
            cell.subs.size ? make("span", { className: "subs" }, [...cell.subs].sort().map(t => `.${t.split(".")[1]}`).join(" ")) : "");
        })));
    }));
  }

  function bars(rows) {
    const most = Math.max(1, ...rows.map(r => r.total));
    return make("table", { className: "bars" }, make("tbody", {}, ...rows.map(row => {
      const track = make("div", { className: "track" }, ...LEVELS.flatMap((level, i) => {
        if (!row.counts[i]) return [];
        const part = make("i", { className: `c-${level}`, title: `${say(level)}: ${number(row.counts[i])}` });
        part.style.width = `${row.counts[i] / most * 100}%`;
        return [part];
      }));
      return make("tr", {}, make("td", { className: "who" }, make("button", { type: "button", title: row.label, on: { click: row.click } }, row.label)),
        make("td", {}, track), make("td", { className: "n" }, number(row.total)));
    })));
  }
  function showTops() {
    const hosts = data.hosts.map((h, i) => ({ label: h.name, counts: [...h.counts].reverse(), total: sum(h.counts), click: () => toggle("host", i) })).sort((a, b) => b.total - a.total);
    const rules = data.rules.map(r => ({ label: `${MARKS[r.level]} ${name(r)}`, counts: LEVELS.map(l => l === r.level ? r.count : 0), total: r.count, click: () => toggle("rule", r) })).sort((a, b) => b.total - a.total);
    const none = make("p", { className: "empty-state" }, "–");
    id("hosts").replaceChildren(hosts.length ? bars(hosts.slice(0, 12)) : none, hosts.length > 12 ? make("p", { className: "hint" }, say("moreHosts", number(hosts.length - 12))) : "");
    id("rules-top").replaceChildren(rules.length ? bars(rules.slice(0, 12)) : none.cloneNode(true));
  }

  /* The parts of the pattern between its wildcards, marked where they stand in the value. */
  function marked(value, pattern, test) {
    const box = make("code");
    const pieces = /^(re|cidr|lt|gt|lte|gte|eq|neq|null|exists|fieldref)/.test(test || "") || !pattern ? [] : pattern.split(/(?<!\\)[*?]/).map(p => p.replace(/\\([*?\\])/g, "$1")).filter(p => p.length > 1);
    const low = value.toLowerCase();
    let at = 0;
    for (const piece of pieces) {
      const found = low.length === value.length ? low.indexOf(piece.toLowerCase(), at) : -1;
      if (found < 0) continue;
      box.append(value.slice(at, found), make("mark", {}, value.slice(found, found + piece.length)));
      at = found + piece.length;
    }
    box.append(value.slice(at));
    return box;
  }
  function reasonRow(reason) {
    const not = reason.not === true;
    const value = reason.value === undefined || reason.value === null ? make("i", {}, say("absent")) : marked(String(reason.value), reason.pattern, reason.test);
    const pattern = reason.pattern === undefined ? "" : make("span", { className: "pattern" }, `${not ? say("notHeld") : say("pattern")}: ${reason.test ? `${reason.test} ` : ""}${reason.pattern.length > 160 ? reason.pattern.slice(0, 160) + "…" : reason.pattern}`);
    return make("tr", { className: not ? "not" : "" }, make("td", {}, `${not ? "¬ " : ""}${reason.selection || ""}`), make("td", {}, reason.field || say("whole")), make("td", {}, value, pattern));
  }
  function alertRow(rule, alert, index) {
    const place = `${data.files[alert.file]}`;
    const where = make("div", { className: "where" }, make("b", {}, moment(alert.time)), alert.host >= 0 ? data.hosts[alert.host].name : say("noHost"), make("br"),
      make("span", { title: place }, place.slice(folder.length)), make("br"), `${say(/\.evtx(\.|$)/i.test(place) ? "record" : "line")} ${number(alert.record)}`);
    const why = make("div", {});
    if (alert.why && !Array.isArray(alert.why)) why.append(make("p", {}, `${say("correlation")}: ${alert.why.type || ""} ${alert.why.count !== undefined ? number(alert.why.count) : ""}${alert.why.timespan_s ? ` / ${number(alert.why.timespan_s)} s` : ""}`));
    const rows = reasons(alert);
    if (rows.length) why.append(make("table", { className: "why" }, make("tbody", {}, ...rows.map(reasonRow))));
    else if (alert.why === null) why.append(make("p", { className: "hint" }, say("whyLeft")));
    return make("div", { className: index >= 5 ? "alert beyond" : "alert" }, where, why);
  }
  const link = url => /^https?:\/\//.test(url) ? make("a", { href: url, rel: "noreferrer noopener", target: "_blank" }, url) : url;
  function body(rule) {
    const list = alertsOf(rule), meta = (key, value) => value ? make("span", {}, `${say(key)}: `, value) : "";
    const box = make("div", { className: "body" });
    if (rule.description) box.append(make("p", {}, rule.description));
    box.append(make("div", { className: "meta" }, meta("author", rule.author), meta("license", rule.license), meta("rule", rule.id), meta("falsepositives", rule.falsepositives)),
      make("div", {}, ...rule.tags.map(tag => make("span", { className: "tag", title: (known.get(tag.slice(7).toUpperCase()) || {}).title || "" }, tag))));
    if (rule.references) box.append(make("div", { className: "meta" }, `${say("references")}: `, ...rule.references.split(/\s+/).slice(0, 6).map(url => make("span", {}, link(url)))));
    list.forEach((alert, i) => box.append(alertRow(rule, alert, i)));
    if (rule.count > rule.alerts.length) box.append(make("p", { className: "more" }, say("more", number(rule.alerts.length), number(rule.count))));
    return box;
  }
  let opened = new Set();
  function showList() {
    const rules = data.rules.filter(fits).map(rule => ({ rule, alerts: alertsOf(rule) })).filter(entry => entry.alerts.length || !narrowed());
    rules.sort((a, b) => LEVELS.indexOf(a.rule.level) - LEVELS.indexOf(b.rule.level) || b.rule.count - a.rule.count);
    const count = entry => narrowed() ? entry.alerts.length : entry.rule.count;
    id("shown").textContent = say("shown", number(rules.length), number(data.rules.length), number(sum(rules.map(count))), number(data.summary.alerts));
    id("list").replaceChildren(...rules.map(entry => {
      const rule = entry.rule, times = rule.first ? `${moment(rule.first)}${rule.last > rule.first ? ` – ${moment(rule.last)}` : ""}` : "";
      const node = make("details", { className: `rule c-${rule.level}` }, make("summary", {},
        make("span", { className: "badge", "data-mark": MARKS[rule.level] }, say(rule.level)),
        make("span", { className: "title" }, name(rule), make("span", { className: "when" }, [times, rule.host_count ? say("hosts", rule.more_hosts ? `${number(rule.host_count)}+` : number(rule.host_count)) : "", rule.techniques.join(" ")].filter(Boolean).join(" · "))),
        make("span", { className: "count" }, number(count(entry)), count(entry) < rule.count ? make("small", {}, ` / ${number(rule.count)}`) : "")));
      const fill = () => { if (node.open && node.children.length === 1) node.append(body(rule)); };
      node.addEventListener("toggle", () => { fill(); if (node.open) opened.add(rule); else opened.delete(rule); });
      node.fill = fill;
      if (opened.has(rule) || rules.length === 1) { node.open = true; fill(); }
      return node;
    }));
    if (!rules.length) id("list").append(make("p", { className: "empty-state" }, data.rules.length ? say("noMatch") : say("empty")));
    const chip = (label, key, none) => make("button", { type: "button", on: { click: () => { state[key] = none; if (key === "words") id("query").value = ""; show(); } } }, `${label} ✕`);
    id("chips").replaceChildren(...[
      state.level && chip(say(state.level), "level", null), state.technique && chip(`${state.technique} ${(known.get(state.technique) || {}).title || ""}`, "technique", null),
      state.host !== null && chip(data.hosts[state.host].name, "host", null), state.rule && chip(name(state.rule), "rule", null),
      state.span && chip(`${moment(state.span[0])} – ${moment(state.span[1])}`, "span", null), state.words.length && chip(state.words.join(" "), "words", [])].filter(Boolean));
  }
  function showFoot() {
    const left = data.summary.alerts - sum(data.rules.map(r => r.alerts.length));
    id("foot").replaceChildren(...[left > 0 && say("left", number(left)), say("foot"), say("madeBy", data.version)].filter(Boolean).map(text => make("p", {}, text)));
  }
  function show() {
    showHead(); showFacts(); showTime(); showMatrix(); showTops(); showList(); showFoot();
  }

  id("language").addEventListener("click", () => { state.language = state.language === "vi" ? "en" : "vi"; show(); });
  id("theme").addEventListener("click", () => { state.theme = { auto: "light", light: "dark", dark: "auto" }[state.theme]; show(); });
  id("print").addEventListener("click", () => window.print());
  let wait = 0;
  id("query").addEventListener("input", event => {
    clearTimeout(wait);
    wait = setTimeout(() => { state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean); showList(); }, 120);
  });
  window.addEventListener("beforeprint", () => { for (const node of id("list").children) if (node.fill && !node.open) { node.open = true; node.fill(); node.byPrint = true; } });
  window.addEventListener("afterprint", () => { for (const node of id("list").children) if (node.byPrint) { node.open = false; node.byPrint = false; } });
  show();
})();
