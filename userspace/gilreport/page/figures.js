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
	}
	// Round times, and more of them if the bars span little.
	for (let unit = 1; unit < 1e12; unit *= 10)
		for (const ns of last - first < 7 ? [unit, 2 * unit, 5 * unit] : [unit])
			if (ns >= 2 ** first && ns < 2 ** (last + 0.8))
				svg += `<text x="${x(ns)}" y="${base + 15}" text-anchor="middle">${timeText(ns).replace(/\.0+(?= )/, "")}</text>` +
					`<line class="axis" x1="${x(ns)}" x2="${x(ns)}" y1="${base}" y2="${base + 4}"/>`;
	let names = ""; // above all lines
	const marks = [["p50", times.p50_ns], ["p99", times.p99_ns], ["max", times.max_ns]];
	marks.forEach(([name, ns], i) => {
		const at = x(ns);
		svg += `<line class="mark" x1="${at}" x2="${at}" y1="${12 * i + 4}" y2="${base}"/>`;
		names += `<text class="name" x="${at + (at > width - 110 ? -4 : 4)}" y="${12 * i + 12}" text-anchor="${at > width - 110 ? "end" : "start"}">${name} ${timeText(ns)}</text>`;
	});
	const said = `${countText(times.count)} times; p50 ${timeText(times.p50_ns)}, p99 ${timeText(times.p99_ns)}, max ${timeText(times.max_ns)}`;
	svg += `${names}<text x="10" y="${height - 8}">${said}</text>`;
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

/* In sentences, what the figures of the part that is shown come to. */
function wordsOfPart(part, length) {
	const {wait, hold, threads} = part, said = [
		`In the ${timeText(length)} shown the lock was held for ${timeText(hold.total_ns)} (${
			(hold.total_ns / length * 100).toFixed(0)}%).`];
	said.push(wait.count ? `${countText(wait.count)} wait${wait.count > 1 ? "s" : ""} ended: median ${
		timeText(wait.p50_ns)}, 99th percentile ${timeText(wait.p99_ns)}, longest ${
		timeText(wait.max_ns)}.` : "No wait ended.");
	const pairs = threads.flatMap(({behind}, i) => behind.map(({thread, ns}) => ({i, thread, ns})))
		.sort((a, b) => b.ns - a.ns).slice(0, 3);
	for (const {i, thread, ns} of pairs)
		said.push(`${label(i)} waited ${timeText(ns)} behind ${label(thread)}.`);
	return said;
}

/* All figures below the picture: of the whole recording or of what is shown. */
function showFigures() {
	const lock = view.lock, whole = !document.getElementById("part").checked;
	const length = view.end - view.start;
	const figures = whole ? lock : measure(view.start, view.end);
	showWords(lock);
	if (!whole)
		document.getElementById("facts").replaceChildren(
			...wordsOfPart(figures, length).map((text) => element("li", text)));
	showBlame(figures);
	const one = figures.threads[document.getElementById("who").value] || figures;
	drawHistogram("wait-hist", one.wait);
	drawHistogram("hold-hist", one.hold);
	showShares(figures, whole ? Math.max(1, lock.last_ns - lock.first_ns) : length);
	const shares = lock.hold_shares;
	document.getElementById("shares").textContent = !whole || shares.threads < 2 ? "" :
		`Jain's index (1 = equal shares): ${shares.jain.toFixed(3)} for hold time, ` +
		`${lock.turn_shares.jain.toFixed(3)} for turns, over the ${shares.threads} threads that waited for each other.`;
}

/* After the view has moved, and then not for each step of it. */
function figuresFollow() {
	clearTimeout(figuresFollow.timer);
	if (document.getElementById("part").checked)
		figuresFollow.timer = setTimeout(showFigures, 150);
}

/* All threads at once may mix waits of several kinds. */
function offerThreads() {
	document.getElementById("who").replaceChildren(new Option("all threads", ""),
		...view.open.lanes.map((lane, i) => new Option(lane.label, i)));
}

function listenToFigures() {
	for (const choice of document.querySelectorAll("[name=figures], #who"))
		choice.addEventListener("change", showFigures);
}
