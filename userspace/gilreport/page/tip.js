// SPDX-License-Identifier: GPL-2.0
// What is told of the place that the mouse points at.

function handoffsAround(lane, t) {
	const turn = turnAt(lane, t);
	if (!turn)
		return [];
	const next = view.open.granted[lastAt(view.open.grantedTimes, turn.released - 1) + 1];
	return [turn, t >= turn.granted && next && next.from === lane.index ? next : null]
		.filter((each) => each && each.from >= 0);
}

/* As gil(4) has GIL_BIND_*. */
function signText(mark) {
	if (mark.what !== "bound")
		return mark.what === "died" ? "died as the owner" : "was unbound";
	return `was bound: the kernel releases for it when it blocks${mark.flags & 2 ?
		", and at the switch interval" : ""}`;
}

/* The turns of a lane that have part in a stretch of time. */
function turnsDuring(lane, t0, t1) {
	const first = turnAt(lane, t0);
	const from = lane.turns.indexOf(first) + (first && endOf(first) > t0 ? 0 : 1);
	return lane.turns.slice(Math.max(0, from), lastAt(lane.requested, t1) + 1);
}

/* What passed in the time of one pixel, if that is more than can be drawn. */
function describeMany(row, t0, t1) {
	const {spans} = row, i = lastAt(spans.starts, t0, spans.count);
	if (lastAt(spans.starts, t1, spans.count) - i < 2)
		return null;
	const shares = new Float64Array(KINDS), lines = [row.label];
	addShares(spans, Math.max(0, i), Math.max(t0, spans.starts[0]), t1, shares);
	const parts = [...shares.keys()].filter((state) => state && shares[state] > 0)
		.sort((a, b) => shares[b] - shares[a]).map((state) =>
			`${palette[state].name} ${(shares[state] / (t1 - t0) * 100).toFixed(0)}%`);
	lines.push(`in these ${timeText(t1 - t0)}: ${parts.join(", ")}`);
	const behind = new Map(), turns = row.kind === "thread" ? turnsDuring(row, t0, t1) : [];
	for (const turn of turns.filter(isWait))
		eachBehind(turn, (hold, ns) => behind.set(hold.lane, (behind.get(hold.lane) || 0) + ns),
			t0, t1);
	if (turns.length)
		lines.push(`${countText(turns.length)} turns${behind.size ? `, waiting mostly behind ${label(
			[...behind].reduce((a, b) => b[1] > a[1] ? b : a)[0])}` : ""}`);
	lines.push("click to zoom in");
	return lines.join("\n");
}

function describeCpu(row, i) {
	const {spans} = row, who = spans.threads[i];
	const runs = spans.states[i] === IDLE ? "idle" : spans.states[i] === STATES.length - 1 ?
		(who ? DATA.thread_names[who - 1] : "unknown") :
		label(who) + (spans.states[i] === OWNS ? ", with the lock" : "");
	return `${row.label}\n${runs}`;
}

function describeTurn(turn) {
	const lines = [];
	if (turn.from >= 0)
		lines.push(`${turn.afterIo ? "came back from I/O, " : ""}waited ${
			timeText(waitOf(turn))}; got it from ${label(turn.from)}`);
	if (!Number.isNaN(turn.asked))
		lines.push(`asked to drop the lock after ${timeText(turn.asked - turn.granted)}`);
	if (turn.released > turn.granted)
		lines.push(`held it ${timeText(turn.released - turn.granted)}, then ` +
			(turn.taken ? "blocked, and the kernel released it" : REASONS[turn.reason]));
	return lines;
}

function describe(row, t, perPixel) {
	const {spans} = row, i = lastAt(spans.starts, t, spans.count);
	const many = describeMany(row, t, t + perPixel);
	if (many || i < 0)
		return many || row.label;
	if (row.kind === "cpu")
		return describeCpu(row, i);
	if (row.kind === "owner") {
		const hold = view.open.holds[lastAt(view.open.holdStarts, t)];
		return hold && t < endOf(hold) ? `${label(hold.lane)} has the lock\nfor ${
			timeText(endOf(hold) - hold.granted)}` : "nobody has the lock";
	}
	const turn = turnAt(row, t);
	return [row.label,
		`${palette[spans.states[i]].name}: ${timeText(spans.starts[i + 1] - spans.starts[i])}`,
		...(turn && !(t > turn.released) ? describeTurn(turn) : []),
		...row.signs.filter((mark) => Math.abs(mark.t - t) < 8 * perPixel).map(signText),
	].join("\n");
}
