// SPDX-License-Identifier: GPL-2.0
// Words, histograms and the table of shares.

function drawHistogram(id, times) {
	const place = document.getElementById(id), counts = times.log2_ns;
	const first = counts.findIndex((n) => n), last = counts.findLastIndex((n) => n);
	if (first < 0) {
		place.textContent = id === "wait-hist" ? "No waits." : "No holds.";
		return;
	}
	const width = 640, height = 210, base = 165, wide = (width - 20) / (last - first + 1);
	const most = Math.max(...counts);
	const x = (ns) => 10 + Math.min(Math.max(Math.log2(Math.max(ns, 1)) - first, 0),
		last - first + 1) * wide;
	let svg = `<line class="axis" x1="10" x2="${width - 10}" y1="${base}" y2="${base}"/>`;
	for (let i = first; i <= last; i++) {
		const tall = counts[i] / most * 125, at = 10 + (i - first) * wide;
		svg += `<rect x="${at + 1}" y="${base - tall}" width="${wide - 2}" height="${tall}"><title>${counts[i]} from ${timeText(2 ** i)} to ${timeText(2 ** (i + 1))}</title></rect>`;
		if ((i - first) % Math.ceil((last - first + 1) / 8) === 0)
			svg += `<text x="${at}" y="${base + 15}">${timeText(2 ** i)}</text>`;
	}
	const marks = [["p50", times.p50_ns], ["p99", times.p99_ns], ["max", times.max_ns]];
	marks.forEach(([name, ns], i) => {
		const at = x(ns);
		svg += `<line class="mark" x1="${at}" x2="${at}" y1="${12 * i + 4}" y2="${base}"/>` +
			`<text class="name" x="${at + (at > width - 110 ? -4 : 4)}" y="${12 * i + 12}" text-anchor="${at > width - 110 ? "end" : "start"}">${name} ${timeText(ns)}</text>`;
	});
	const said = `${countText(times.count)} times; p50 ${timeText(times.p50_ns)}, p99 ${timeText(times.p99_ns)}, max ${timeText(times.max_ns)}`;
	svg += `<text x="10" y="${height - 8}">${said}</text>`;
	place.innerHTML = `<svg class="hist" viewBox="0 0 ${width} ${height}" role="img" aria-label="${said}">${svg}</svg>`;
}

/* What went badly or well comes before the picture, the plain facts after it. */
function showWords(lock) {
	const verdict = document.getElementById("verdict"), facts = document.getElementById("facts");
	verdict.replaceChildren();
	facts.replaceChildren();
	for (const said of lock.words.concat(DATA.words)) {
		const item = document.createElement("li");
		const [, head, rest] = said.text.match(/^((?:No convoy|Convoy):)?(.*)$/s);
		item.className = said.tone;
		if (said.tone === "warning")
			item.append(Object.assign(document.createElement("b"), {textContent: "Note: "}));
		if (head)
			item.append(Object.assign(document.createElement("b"), {textContent: head}));
		item.append(rest);
		if (said.start_ns !== undefined) {
			const button = Object.assign(document.createElement("button"),
				{type: "button", textContent: /^(No c|C)onvoy/.test(said.text) ? "show one" : "show"});
			button.addEventListener("click", () => {
				const start = said.start_ns - DATA.start_ns, end = said.end_ns - DATA.start_ns;
				const turn = turnAt(view.open.lanes[said.thread], start);
				showRange(start - (end - start), end + (end - start));
				if (turn && turn.requested === start)
					showTurn(turn);
				scrollToLane(said.thread);
				frame.scrollIntoView({block: "nearest"});
			});
			item.append(button);
		}
		(said.tone === "plain" ? facts : verdict).append(item);
	}
}

const OWNERS_MAX = 8;

/* Rows: threads that waited. Columns: owners that made others wait longest. */
function showBlame(lock) {
	const table = document.getElementById("blame"), {threads} = lock;
	const order = (of) => threads.map((_, i) => i).filter((i) => of(threads[i]))
		.sort((a, b) => of(threads[b]) - of(threads[a]));
	const owners = order((thread) => thread.made_wait_ns);
	const shown = owners.slice(0, OWNERS_MAX), others = owners.length > shown.length;
	const most = Math.max(1, ...threads.flatMap((thread) => thread.behind.map(({ns}) => ns)));
	const head = document.createElement("tr"), body = document.createElement("tbody");
	const heads = ["thread", "waited", ...shown.map((i) => `behind ${label(i)}`),
		...(others ? ["behind others"] : [])];
	head.append(...heads.map((text) => element("th", text, {scope: "col"})));
	for (const i of order((thread) => thread.behind.length && thread.wait.total_ns)) {
		const row = body.insertRow(), rest = new Map(threads[i].behind.map(
			({thread, ns}) => [thread, ns]));
		row.append(element("th", label(i), {scope: "row"}));
		row.insertCell().textContent = timeText(threads[i].wait.total_ns);
		for (const owner of shown) {
			const cell = row.insertCell(), ns = rest.get(owner);
			rest.delete(owner);
			if (!ns)
				continue;
			const button = element("button", timeText(ns), {type: "button", className: "link",
				title: `${(ns / threads[i].wait.total_ns * 100).toFixed(0)}% of the waits of ${label(i)}`});
			button.addEventListener("click", () => {
				showTurn(longestBehind(i, owner));
			});
			cell.style.setProperty("--part", ns / most);
			cell.className = "part";
			cell.append(button);
		}
		if (others)
			row.insertCell().textContent = rest.size ?
				timeText([...rest.values()].reduce((a, b) => a + b)) : "";
	}
	const thead = document.createElement("thead");
	thead.append(head);
	table.replaceChildren(...(owners.length ? [thead, body] : []));
	table.closest("section").hidden = !owners.length;
}

const COLUMNS = ["thread", "share of hold time", "held", "turns", "waited", "wait p50",
	"wait p99", "wait max", "I/O releases", "forced switches", "preempted as owner",
	"convoy waits / I/Os"];

function showShares(lock) {
	const shares = lock.hold_shares, total = Math.max(1, lock.hold.total_ns);
	document.getElementById("shares").textContent =
		`Jain's index (1 = equal shares): ${shares.jain.toFixed(3)} for hold time, ` +
		`${lock.turn_shares.jain.toFixed(3)} for turns, over ${shares.threads} threads.`;
	const table = document.getElementById("threads");
	table.replaceChildren();
	const head = table.createTHead().insertRow();
	COLUMNS.forEach((name, i) => head.append(Object.assign(document.createElement("th"),
		{scope: "col", textContent: name, className: i === 1 ? "share" : ""})));
	const body = table.createTBody();
	for (const thread of lock.threads) {
		const row = body.insertRow(), share = thread.hold.total_ns / total;
		row.append(element("th", `${thread.name} (${thread.tid})`, {scope: "row"}));
		const cell = row.insertCell(), bar = document.createElement("span");
		cell.className = "share";
		bar.style.width = `${share * 100}px`;
		cell.append(bar, `${(share * 100).toFixed(1)} %`);
		const waits = thread.wait, cells = [timeText(thread.hold.total_ns), countText(thread.turns),
			timeText(waits.total_ns), timeText(waits.p50_ns), timeText(waits.p99_ns),
			timeText(waits.max_ns), thread.taken ? `${thread.io_releases} (${thread.taken} by the kernel)` :
				thread.io_releases, thread.forced_switches,
			timeText(thread.states_ns["has the lock, preempted"]),
			`${thread.convoy.waits} / ${thread.convoy.came_back}`];
		for (const text of cells)
			row.insertCell().textContent = text;
		if (thread.convoy.is_one)
			row.lastChild.className = "bad";
	}
}
