// SPDX-License-Identifier: GPL-2.0
// Figures of a part of the recording, in the form that the document has them of
// all: sums are of what lies in that part, and the other figures are of the waits
// and holds that ended there.

const BUCKETS = 40;

function overlap(start, end, t0, t1) {
	return Math.max(0, Math.min(end, t1) - Math.max(start, t0)) || 0;
}

function timesOf(list, total) {
	const sorted = Float64Array.from(list).sort(), buckets = Array(BUCKETS).fill(0);
	for (const ns of sorted)
		buckets[Math.min(BUCKETS - 1, Math.floor(Math.log2(Math.max(1, ns))))]++;
	const quantile = (q) => sorted[Math.ceil(q * sorted.length) - 1] || 0;
	return {count: sorted.length, total_ns: total, p50_ns: quantile(0.5),
		p99_ns: quantile(0.99), max_ns: quantile(1), log2_ns: buckets};
}

function measureThread(lane, t0, t1, made) {
	const found = {turns: 0, io_releases: 0, taken: 0, forced_switches: 0};
	const waits = [], holds = [], behind = new Map(), states = new Float64Array(KINDS);
	let waited = 0, held = 0;
	const first = turnAt(lane, t0);
	for (let i = first ? lane.turns.indexOf(first) : 0;
		i < lane.turns.length && lane.turns[i].requested < t1; i++) {
		const turn = lane.turns[i], end = endOf(turn), hold = overlap(turn.granted, end, t0, t1);
		const ends = end >= t0 && end < t1;
		held += hold;
		found.turns += hold > 0;
		if (ends && hold)
			holds.push(end - turn.granted);
		found.io_releases += ends && REASONS[turn.reason] === REASONS[2];
		found.taken += ends && turn.taken;
		found.forced_switches += ends && (turn.reason === 3 ||
			turn.reason === 1 && !Number.isNaN(turn.asked));
		if (!isWait(turn))
			continue;
		waited += overlap(turn.requested, turn.granted, t0, t1);
		if (turn.granted >= t0 && turn.granted < t1)
			waits.push(waitOf(turn));
		eachBehind(turn, (hold, ns) => {
			behind.set(hold.lane, (behind.get(hold.lane) || 0) + ns);
			made[hold.lane] += ns;
		}, t0, t1);
	}
	addShares(lane.spans, Math.max(0, lastAt(lane.spans.starts, t0, lane.spans.count)), t0, t1,
		states);
	return {...found, waits, holds, wait: timesOf(waits, waited), hold: timesOf(holds, held),
		behind: [...behind].map(([thread, ns]) => ({thread, ns})),
		states_ns: Object.fromEntries(STATE_NAMES.map((name, i) => [name, states[i]])),
		convoy: null};
}

function measure(t0, t1) {
	const made = new Float64Array(view.open.lanes.length);
	const threads = view.open.lanes.map((lane) => measureThread(lane, t0, t1, made));
	threads.forEach((thread, i) => { thread.made_wait_ns = made[i]; });
	const all = (what, sum) => timesOf(threads.flatMap((thread) => thread[what]),
		threads.reduce((total, thread) => total + thread[sum].total_ns, 0));
	return {threads, wait: all("waits", "wait"), hold: all("holds", "hold")};
}
