// SPDX-License-Identifier: GPL-2.0
// From the packed numbers of the document to arrays. All times are
// nanoseconds since the recording's start.

const DATA = JSON.parse(document.getElementById("data").textContent);
const LENGTH = DATA.end_ns - DATA.start_ns;

/* Calls take(next) until the packed text is used up; next() is a number. */
function unpack(text, take) {
	const bytes = atob(text);
	let at = 0;
	const next = () => {
		let value = 0, unit = 1, byte;
		do {
			byte = bytes.charCodeAt(at++);
			value += (byte & 127) * unit;
			unit *= 128;
		} while (byte > 127);
		return value;
	};
	while (at < bytes.length)
		take(next);
}

/* Spans, each from its start to the next one's; and what they are. */
function makeSpans(starts, states, threads) {
	starts.push(LENGTH);
	return {
		count: states.length,
		starts: Float64Array.from(starts),
		states: Uint8Array.from(states),
		threads: threads ? Int32Array.from(threads) : null,
	};
}

function unpackLane(text) {
	const starts = [], states = [];
	let time = 0;
	unpack(text, (next) => {
		const value = next();
		time += Math.floor(value / 16);
		starts.push(time);
		states.push(value % 16);
	});
	return makeSpans(starts, states);
}

const CPU_STATES = [9, 10, 7, 1]; // idle, somebody else, a user, the owner

function unpackCpu(text) {
	const starts = [], states = [], threads = [];
	let time = 0;
	unpack(text, (next) => {
		const value = next(), runs = value % 4;
		if (!starts.length && value >= 4) {
			starts.push(0); // nothing is known yet
			states.push(0);
			threads.push(-1);
		}
		time += Math.floor(value / 4);
		starts.push(time);
		states.push(CPU_STATES[runs]);
		threads.push(runs ? next() : -1);
	});
	return makeSpans(starts, states, threads);
}

const REASONS = ["released", "yielded", "gave it up for I/O",
	"had to let go at the switch interval", "died or ended", "cancelled", ""];

function unpackTurns(text, lane, turns) {
	let time = 0;
	unpack(text, (next) => {
		const flags = next();
		const turn = {lane, from: -1, contended: Boolean(flags & 16),
			afterIo: Boolean(flags & 32), taken: Boolean(flags & 128),
			slept: Boolean(flags & 256), reason: flags >> 9,
			granted: NaN, asked: NaN, acquired: NaN, released: NaN};
		turn.requested = time += next();
		if (flags & 1) {
			turn.granted = time += next();
			turn.from = next() - 1;
		}
		if (flags & 8)
			turn.asked = turn.granted + next();
		if (flags & 2)
			turn.acquired = time += next();
		if (flags & 4)
			turn.released = time += next();
		turns.push(turn);
	});
}

function unpackPairs(text) {
	const times = [], values = [];
	let time = 0;
	unpack(text, (next) => {
		time += next();
		times.push(time);
		values.push(next());
	});
	return {times: Float64Array.from(times), values: Int32Array.from(values)};
}

/* The last index whose time is not after t; -1 if all are. */
function lastAt(times, t, count = times.length) {
	let low = 0, high = count;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle] > t)
			high = middle;
		else
			low = middle + 1;
	}
	return low - 1;
}

/* All owners in one lane. */
function ownerLane(holds) {
	const starts = [0], states = [0];
	const add = (time, state) => {
		if (time > starts[starts.length - 1]) {
			starts.push(time);
			states.push(state);
		} else {
			states[states.length - 1] = state;
		}
	};
	for (const turn of holds) {
		add(turn.granted, turn.acquired > turn.granted ? GRANTED : OWNS);
		if (turn.acquired > turn.granted)
			add(turn.acquired, OWNS);
		if (turn.released < LENGTH)
			add(turn.released, 0);
	}
	return {kind: "owner", label: "owner", spans: makeSpans(starts, states)};
}

/* What the timeline shows of a lock; made when it is first looked at. */
function openLock(lock) {
	if (lock.open)
		return lock.open;
	const turns = [];
	const marks = lock.marks.map((mark) => ({...mark, t: mark.ns - DATA.start_ns}));
	const lanes = lock.threads.map((thread, i) => {
		const own = [];
		unpackTurns(thread.turns_packed, i, own);
		for (const turn of own)
			turns.push(turn);
		return {kind: "thread", label: `${thread.name} (${thread.tid})`,
			spans: unpackLane(thread.lane), turns: own, index: i,
			signs: marks.filter((mark) => mark.thread === i)};
	});
	const cpus = lock.cpu_lanes.map((text, i) => (
		{kind: "cpu", label: `CPU ${i}`, spans: unpackCpu(text)}));
	// Each thread's turns are in order, which makes sorting them cheap.
	const holds = turns.filter((turn) => turn.granted < (turn.released || LENGTH))
		.sort((a, b) => a.granted - b.granted);
	const granted = holds.filter((turn) => turn.contended && turn.from >= 0);
	lock.open = {
		lanes, cpus, turns, granted, holds, owner: ownerLane(holds),
		holdStarts: Float64Array.from(holds, (turn) => turn.granted),
		holdEnds: Float64Array.from(holds, (turn) => turn.released || LENGTH),
		grantedTimes: Float64Array.from(granted, (turn) => turn.granted),
		waiters: unpackPairs(lock.waiters),
		drops: unpackPairs(lock.drops),
		marks,
	};
	return lock.open;
}

/* As gilreport writes times in words: with three digits. */
function timeText(ns) {
	const [unit, name] = ns >= 999.5e6 ? [1e9, "s"] : ns >= 999.5e3 ? [1e6, "ms"] :
		ns >= 999.5 ? [1e3, "µs"] : [1, "ns"];
	const value = ns / unit;
	return `${value.toFixed(unit === 1 || value >= 99.5 ? 0 : value < 9.95 ? 2 : 1)} ${name}`;
}

const countText = new Intl.NumberFormat("en").format;
