// SPDX-License-Identifier: GPL-2.0
// What a lock's turns say: behind whom a wait was, and which wait is next to it.

function isWait(turn) {
	return turn.contended && turn.granted > turn.requested;
}

function endOf(turn) {
	return Number.isNaN(turn.released) ? LENGTH : turn.released;
}

/* Calls take(hold, ns) for each turn of another thread that held the lock during
   a wait, in order, with how much of the wait from t0 to t1 passed in it. */
function eachBehind(turn, take, t0 = 0, t1 = LENGTH) {
	const {holds, holdEnds} = view.open;
	const start = Math.max(turn.requested, t0), end = Math.min(turn.granted, t1);
	for (let i = lastAt(holdEnds, start) + 1; i < holds.length && holds[i].granted < end; i++)
		if (holds[i].lane !== turn.lane)
			take(holds[i], Math.min(holdEnds[i], end) - Math.max(holds[i].granted, start));
}

function ownersBehind(turn) {
	const found = [];
	if (isWait(turn))
		eachBehind(turn, (hold, ns) => found.push({hold, ns}));
	return found;
}

function waitOf(turn) {
	return turn.granted - turn.requested;
}

/* The thread's wait before (-1) or after (1) a turn. */
function neighbourWait(turn, step) {
	const {turns} = view.open.lanes[turn.lane];
	for (let i = turns.indexOf(turn) + step; turns[i]; i += step)
		if (isWait(turns[i]))
			return turns[i];
	return null;
}

/* Of these turns, the wait that is longest by a measure. */
function longestWait(turns, measure = waitOf) {
	return turns.reduce((best, turn) => isWait(turn) &&
		(!best || measure(turn) > measure(best)) ? turn : best, null);
}

/* The wait of one thread that was longest behind another. */
function longestBehind(waiter, owner) {
	return longestWait(view.open.lanes[waiter].turns, (turn) => {
		let sum = 0;
		eachBehind(turn, (hold, ns) => { sum += hold.lane === owner ? ns : 0; });
		return sum;
	});
}

/* The turn of a lane that a time is in or, if it is in none, the one before. */
function turnAt(lane, t) {
	lane.requested ||= Float64Array.from(lane.turns, (turn) => turn.requested);
	return lane.turns[lastAt(lane.requested, t)];
}
