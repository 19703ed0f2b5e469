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

function point(event) {
	const box = canvas.getBoundingClientRect(), x = event.clientX - box.left;
	const y = event.clientY - box.top + frame.scrollTop;
	const i = view.rows.findIndex((row, n) => y >= rowTop(n) && y < rowTop(n) + ROW);
	if (i < 0 || x < left) {
		view.hover = null;
		tip.hidden = true;
		redraw();
		return;
	}
	const t = timeAt(event.clientX), row = view.rows[i];
	view.hover = {handoffs: row.kind === "thread" ? handoffsAround(row, t) : []};
	tip.textContent = describe(row, t, (view.end - view.start) / (box.width - left) * 8);
	placeTip(event.clientX, event.clientY);
	redraw();
}

const KEYS = {
	w: () => zoom(0.6), "+": () => zoom(0.6), "=": () => zoom(0.6),
	s: () => zoom(1 / 0.6), "-": () => zoom(1 / 0.6),
	a: () => pan(-0.2), ArrowLeft: () => pan(-0.2),
	d: () => pan(0.2), ArrowRight: () => pan(0.2),
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
		if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[key])
			return;
		event.preventDefault();
		KEYS[key]();
	});
}

function listenToWheel() {
	canvas.addEventListener("wheel", (event) => {
		if (!event.ctrlKey && !event.shiftKey)
			return;
		event.preventDefault();
		if (event.shiftKey)
			pan((event.deltaX || event.deltaY) / 1000);
		else
			zoom(1.0015 ** event.deltaY, timeAt(event.clientX));
	}, {passive: false});
}

/* Shows times so that each pointer stays at the time that it was put on. */
function follow(pointers) {
	const width = canvas.clientWidth - left, from = canvas.getBoundingClientRect().left + left;
	const [a, b] = [...pointers.values()];
	if (!b || Math.abs(b.x - a.x) < 8) {
		const span = view.end - view.start;
		const start = Math.min(Math.max(0, a.t - (a.x - from) / width * span), LENGTH - span);
		showRange(start, start + span);
		return;
	}
	const perPixel = Math.abs((b.t - a.t) / (b.x - a.x));
	const start = a.t - (a.x - from) * perPixel;
	showRange(start, start + width * perPixel);
}

function listenToPointers() {
	const pointers = new Map();
	let moved = false;
	canvas.addEventListener("pointerdown", (event) => {
		moved = pointers.size > 0;
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
		canvas.classList.add("drags");
		pointer.x = event.clientX;
		follow(pointers);
	});
	for (const type of ["pointerup", "pointercancel"])
		canvas.addEventListener(type, (event) => {
			if (type === "pointerup" && !moved)
				point(event);
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
	document.getElementById("overview").addEventListener("click", (event) => {
		const at = event.offsetX / event.target.clientWidth * LENGTH;
		const half = (view.end - view.start) / 2;
		showRange(at - half, at + half);
	});
	for (const button of document.querySelectorAll("[data-do]"))
		button.addEventListener("click", BUTTONS[button.dataset.do]);
	frame.addEventListener("scroll", redraw);
	addEventListener("resize", redraw);
}
