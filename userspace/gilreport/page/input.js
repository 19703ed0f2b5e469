// SPDX-License-Identifier: GPL-2.0
// How people move in the timeline and ask what is there: by mouse, by fingers
// and by keys.

/* Beside the pointer, inside the window. */
function placeTip(x, y) {
	tip.hidden = false;
	const {width, height} = tip.getBoundingClientRect();
	const above = y + 14 + height > innerHeight;
	tip.style.left = `${Math.max(0, Math.min(x + 14, innerWidth - width))}px`;
	tip.style.top = `${Math.max(0, above ? y - 14 - height : y + 14)}px`;
}

/* The row and the time at a place in the window; no row beside the lanes. */
function placeAt(event) {
	const box = canvas.getBoundingClientRect(), y = event.clientY - box.top;
	const row = view.rows.find((row, i) => {
		const top = rowTop(i) - (i ? frame.scrollTop : 0);
		return y >= top && y < top + ROW && (!i || y >= headHeight() - 3);
	});
	return {row, inside: event.clientX - box.left >= left, t: timeAt(event.clientX)};
}

function perPixel() {
	return (view.end - view.start) / (canvas.clientWidth - left);
}

function point(event) {
	const {row, inside, t} = placeAt(event);
	view.hover = null;
	tip.hidden = true;
	redraw();
	if (!row || !inside)
		return;
	view.hover = {t, handoffs: row.kind === "thread" ? handoffsAround(row, t) : []};
	tip.textContent = describe(row, t, perPixel());
	placeTip(event.clientX, event.clientY);
}

/* A lane's turn at that place; beside the lane, its thread's longest wait. Where
   a pixel has many turns, none is chosen, and the view comes nearer. */
function choose(event) {
	const {row, inside, t} = placeAt(event);
	if (row && inside && describeMany(row, t, t + perPixel())) {
		zoom(0.1, t);
		return;
	}
	let turn = null;
	if (row && row.kind === "owner")
		turn = view.open.holds[lastAt(view.open.holdStarts, t)];
	else if (row && row.kind === "thread")
		turn = inside ? turnAt(row, t) : longestWait(row.turns);
	select(turn && (!inside || t <= endOf(turn)) ? turn : null);
}

/* By keys: the thread's turn before or after, and that of the lane above or below. */
function stepTurn(by) {
	const {turns} = view.open.lanes[view.selected.lane];
	select(turns[turns.indexOf(view.selected) + by] || view.selected);
}

function stepLane(by) {
	const t = view.selected.granted || view.selected.requested;
	for (let i = view.rowOf.get(view.selected.lane) + by; view.rows[i]; i += by) {
		const turn = view.rows[i].kind === "thread" && turnAt(view.rows[i], t);
		if (turn) {
			select(turn);
			return;
		}
	}
}

/* Shows a wait in the middle, without the lanes that have nothing there. */
function showTurn(turn) {
	rowChoice.hide.checked = true;
	select(turn, true);
	frame.scrollIntoView({block: "nearest"});
}

/* Shows a thread's longest wait or, if it never waited, where its lane is. */
function showThread(lane) {
	const turn = longestWait(view.open.lanes[lane].turns);
	if (turn)
		showTurn(turn);
	scrollToLane(lane);
	frame.scrollIntoView({block: "nearest"});
	redraw();
}

const TURN_KEYS = {
	ArrowLeft: () => stepTurn(-1), ArrowRight: () => stepTurn(1),
	ArrowUp: () => stepLane(-1), ArrowDown: () => stepLane(1),
	Enter: () => select(view.selected, true), Escape: () => select(null),
};

function findThread() {
	rowChoice.filter.closest("details").open = true;
	rowChoice.filter.focus();
}

const KEYS = {
	w: () => zoom(0.6), "+": () => zoom(0.6), "=": () => zoom(0.6),
	s: () => zoom(1 / 0.6), "-": () => zoom(1 / 0.6),
	Enter: () => select(longestInView()),
	a: () => pan(-0.2), ArrowLeft: () => pan(-0.2),
	d: () => pan(0.2), ArrowRight: () => pan(0.2),
	"/": findThread,
	0: showAll,
};
const BUTTONS = {in: KEYS.w, out: KEYS.s, left: KEYS.a, right: KEYS.d, all: showAll};


/* The time at a place in the window. */
function timeAt(clientX) {
	const box = canvas.getBoundingClientRect();
	return view.start + (clientX - box.left - left) / (box.width - left) *
		(view.end - view.start);
}

function listenToKeys() {
	frame.addEventListener("keydown", (event) => {
		const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
		const act = view.selected && TURN_KEYS[key] || KEYS[key];
		if (event.ctrlKey || event.metaKey || event.altKey || !act)
			return;
		event.preventDefault();
		act();
	});
}

/* Sideways moves, Ctrl zooms, and a plain wheel scrolls as everywhere. */
function listenToWheel() {
	canvas.addEventListener("wheel", (event) => {
		const sideways = event.shiftKey ? event.deltaX || event.deltaY :
			Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : 0;
		if (!event.ctrlKey && !sideways)
			return;
		event.preventDefault();
		if (event.ctrlKey)
			zoom(1.0015 ** event.deltaY, timeAt(event.clientX));
		else
			pan(sideways / 1000);
	}, {passive: false});
}

/* Shows times so that each pointer stays at the time that it was put on. */
function follow(pointers) {
	const width = canvas.clientWidth - left, from = canvas.getBoundingClientRect().left + left;
	const [a, b] = [...pointers.values()];
	if (!b || Math.abs(b.x - a.x) < 8) {
		slideTo(a.t - (a.x - from) / width * (view.end - view.start));
		return;
	}
	const perPixel = Math.abs((b.t - a.t) / (b.x - a.x));
	const start = a.t - (a.x - from) * perPixel;
	showRange(start, start + width * perPixel);
}

function listenToPointers() {
	const pointers = new Map();
	let moved = false, chooses = false;
	canvas.addEventListener("pointerdown", (event) => {
		moved = pointers.size > 0;
		// On the times above the lanes, or with Shift, dragging chooses.
		chooses = event.shiftKey ||
			event.clientY - canvas.getBoundingClientRect().top < TOP + WAITERS;
		pointers.set(event.pointerId, {x: event.clientX, t: timeAt(event.clientX)});
		canvas.setPointerCapture(event.pointerId);
	});
	canvas.addEventListener("pointermove", (event) => {
		const pointer = pointers.get(event.pointerId);
		if (!pointer) {
			point(event);
			return;
		}
		moved ||= Math.abs(event.clientX - pointer.x) > 3;
		if (!moved)
			return;
		if (chooses && pointers.size === 1) {
			view.brush = [pointer.t, timeAt(event.clientX)].sort((a, b) => a - b);
			redraw();
			return;
		}
		view.brush = null;
		canvas.classList.add("drags");
		pointer.x = event.clientX;
		follow(pointers);
	});
	for (const type of ["pointerup", "pointercancel"])
		canvas.addEventListener(type, (event) => {
			if (type === "pointerup" && !moved)
				choose(event);
			if (type === "pointerup" && view.brush)
				showRange(...view.brush);
			view.brush = null;
			pointers.delete(event.pointerId);
			for (const pointer of pointers.values())
				pointer.t = timeAt(pointer.x);
			canvas.classList.remove("drags");
		});
	canvas.addEventListener("pointerleave", (event) => {
		if (event.pointerType === "touch")
			return;
		view.hover = null;
		tip.hidden = true;
		redraw();
	});
}

function listen() {
	listenToKeys();
	listenToWheel();
	listenToPointers();
	listenToPanel();
	listenToRows();
	listenToOverview();
	listenToAddress();
	document.addEventListener("keydown", (event) => {
		if (event.key !== "Escape")
			return;
		tip.hidden = true;
		for (const unfolded of document.querySelectorAll("details.keys[open]"))
			unfolded.open = false;
	});
	for (const button of document.querySelectorAll("[data-do]"))
		button.addEventListener("click", BUTTONS[button.dataset.do]);
	frame.addEventListener("scroll", redraw);
	addEventListener("resize", redraw);
}
