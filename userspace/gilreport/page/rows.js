// SPDX-License-Identifier: GPL-2.0
// Which rows the timeline has, in which order, and where each is.

const TOP = 22, WAITERS = 46, MANY_LANES = 40;
const rowChoice = {
	filter: document.getElementById("filter"),
	order: document.getElementById("order"),
	hide: document.getElementById("hide"),
};
let ROW = 26, GAP = 5; // less where there are many lanes

/* What the lanes can be ordered by; the largest comes first. */
const ORDERS = {
	seen: (thread, i) => -i,
	held: (thread) => thread.hold.total_ns,
	waited: (thread) => thread.wait.total_ns,
	made: (thread) => thread.made_wait_ns,
	convoy: (thread) => thread.convoy.wait_ns,
};

/* Whether a lane has anything in view except that its thread is idle. */
function isBusy(lane) {
	const shares = new Float64Array(KINDS), {spans} = lane;
	addShares(spans, Math.max(0, lastAt(spans.starts, view.start, spans.count)),
		view.start, view.end, shares);
	return shares.some((ns, state) => ns > 0 && state && state !== IDLE);
}

function chooseRows() {
	const {threads} = view.lock, by = ORDERS[rowChoice.order.value];
	const wanted = rowChoice.filter.value.trim().toLowerCase();
	const lanes = view.open.lanes.filter((lane) => lane.label.toLowerCase().includes(wanted) &&
		(!rowChoice.hide.checked || isBusy(lane)));
	lanes.sort((a, b) => by(threads[b.index], b.index) - by(threads[a.index], a.index));
	[ROW, GAP] = view.open.lanes.length > MANY_LANES && !printing ? [13, 2] : [26, 5];
	view.rows = [view.open.owner, ...lanes, ...view.open.cpus];
	view.rowOf = new Map(lanes.map((lane, i) => [lane.index, i + 1]));
}

/* Below the times, the waiters and the owners, which stay when lanes scroll. */
function headHeight() {
	return TOP + WAITERS + ROW + 6;
}

/* Where a row is; of all but the owners', when nothing is scrolled. */
function rowTop(i) {
	const {kind} = view.rows[i];
	return kind === "owner" ? TOP + WAITERS :
		headHeight() + (i - 1) * (ROW + GAP) + (kind === "cpu" ? 10 : 0);
}

/* Where a thread's lane is; nowhere if it is not among the rows. */
function laneTop(lane) {
	return view.rowOf.has(lane) ? rowTop(view.rowOf.get(lane)) : NaN;
}

function scrollToLane(lane) {
	chooseRows();
	const top = laneTop(lane) - headHeight(), room = frame.clientHeight - headHeight() - ROW;
	if (!Number.isNaN(top))
		frame.scrollTop = Math.min(Math.max(frame.scrollTop, top - room + GAP), top);
}

function listenToRows() {
	for (const control of Object.values(rowChoice))
		control.addEventListener("input", redraw);
}
