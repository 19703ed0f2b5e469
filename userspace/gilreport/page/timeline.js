// SPDX-License-Identifier: GPL-2.0
// The timeline: what part of the time is shown, and its picture.

const FONT = "12px system-ui, sans-serif";
const view = {start: 0, end: 1, lock: null, open: null, rows: [], rowOf: new Map(),
	hover: null, selected: null, behind: [], brush: null};
const frame = document.getElementById("frame");
const space = document.getElementById("space");
const canvas = document.getElementById("timeline");
const tip = document.getElementById("tip");
const PAPER = 690; // A4 between its margins
let left = 150, queued = false, printing = false;

function redraw() {
	if (!queued) {
		queued = true;
		requestAnimationFrame(() => { queued = false; draw(); });
	}
}

function showRange(start, end) {
	const span = Math.min(Math.max(end - start, 100), LENGTH);
	start = Math.min(Math.max(start, 0), LENGTH - span);
	Object.assign(view, {start, end: start + span, hover: null});
	tip.hidden = true;
	figuresFollow();
	redraw();
}

function zoom(factor, at = (view.start + view.end) / 2) {
	showRange(at - (at - view.start) * factor, at + (view.end - at) * factor);
}

/* The same length of time from another start. */
function slideTo(start) {
	const span = view.end - view.start;
	start = Math.min(Math.max(start, 0), LENGTH - span);
	showRange(start, start + span);
}

function pan(part) {
	slideTo(view.start + (view.end - view.start) * part);
}

function showAll() {
	const lock = view.lock, first = lock.first_ns - DATA.start_ns;
	const last = lock.last_ns - DATA.start_ns, pad = (last - first) * 0.01;
	showRange(first - pad, last + pad);
}

function timeX(t, width) {
	return left + (t - view.start) / (view.end - view.start) * (width - left);
}

function drawAxis(pen, width, height) {
	const shown = view.end - view.start;
	const [ns, name] = shown > 5e8 ? [1e9, "s"] : [1e6, "ms"];
	const text = (t, step) => `${(t / ns).toFixed(
		Math.max(0, Math.ceil(-Math.log10(step / ns))))} ${name}`;
	// As many ticks as there is room for labels, at round times.
	const roomy = (step) => step / shown * (width - left) >
		pen.measureText(text(view.end, step)).width + 30;
	let step = 10 ** Math.floor(Math.log10(shown / width * 20));
	for (let i = 0; !roomy(step); i++)
		step *= [2, 2.5, 2][i % 3];
	pen.textAlign = "center";
	for (let t = Math.ceil(view.start / step) * step; t <= view.end; t += step) {
		const x = Math.round(timeX(t, width)) + 0.5;
		const label = text(t, step), half = pen.measureText(label).width / 2;
		pen.strokeStyle = css("--line");
		pen.beginPath();
		pen.moveTo(x, TOP - 4);
		pen.lineTo(x, height);
		pen.stroke();
		pen.fillStyle = css("--dim");
		if (x - half >= left && x + half <= width)
			pen.fillText(label, x, 13);
	}
	pen.textAlign = "left";
}

/* A count over time as bars from x0 to x1, in whole pixels of the screen.
   Columns of one height are one bar, because their edges would show. */
function drawCounts(pen, {times, values}, [t0, t1], [x0, x1], base, tallest) {
	const ratio = devicePixelRatio || 1, most = Math.max(1, view.lock.most_waiters);
	const first = Math.round(x0 * ratio), last = Math.round(x1 * ratio);
	let i = Math.max(0, lastAt(times, t0)), from = first, count = 0;
	pen.fillStyle = palette[WAITS].edgeHex;
	for (let x = first; x <= last; x++) {
		const end = t0 + (x - first + 1) / (last - first) * (t1 - t0);
		let top = times.length && times[i] < end ? values[i] : 0;
		while (i + 1 < times.length && times[i + 1] < end)
			top = Math.max(top, values[++i]);
		if (top === count && x < last)
			continue;
		const tall = count / most * tallest;
		pen.fillRect(from / ratio, base - tall, (x - from) / ratio, tall);
		from = x;
		count = top;
	}
}

function drawWaiters(pen, width) {
	const base = TOP + WAITERS - 6;
	drawCounts(pen, view.open.waiters, [view.start, view.end], [left, width], base,
		WAITERS - 12);
	pen.fillStyle = css("--text");
	pen.fillText(`waiters (at most ${view.lock.most_waiters})`, 4, base - 10, left - 8);
}

function drawLosses(pen, width, height) {
	for (const gap of DATA.lost) {
		const x = timeX(gap.start_ns - DATA.start_ns, width);
		const end = timeX(gap.end_ns - DATA.start_ns, width);
		if (end < left || x > width)
			continue;
		pen.fillStyle = "#cc79a766";
		pen.fillRect(Math.max(x, left), TOP, Math.max(2, end - Math.max(x, left)), height);
		pen.fillStyle = css("--text");
		pen.fillText(`events lost, CPU ${gap.cpu}`, Math.max(x, left) + 3, TOP + 10);
	}
}

/* Names in the owners' row, and where one owner follows another. */
function drawOwners(pen, width, y) {
	const {holds, holdEnds} = view.open, first = lastAt(holdEnds, view.start) + 1;
	const last = lastAt(view.open.holdStarts, view.end);
	if (last - first > width / 3)
		return;
	for (let i = Math.max(0, first); i <= last; i++) {
		const x0 = Math.max(left, timeX(holds[i].granted, width));
		const x1 = Math.min(width, timeX(holdEnds[i], width));
		const name = label(holds[i].lane), half = pen.measureText(name).width / 2;
		pen.fillStyle = css("--page");
		pen.fillRect(x0 - 0.5, y, 1, ROW);
		if (x1 - x0 > 2 * half + 4)
			pen.fillText(name, (x0 + x1) / 2 - half, y + ROW / 2 + 4);
	}
}

/* A line at the mouse with its time, and the part that is being chosen. */
function drawPointer(pen, width, height) {
	pen.save();
	pen.beginPath();
	pen.rect(left, 0, width - left, height);
	pen.clip();
	if (view.brush) {
		const x0 = timeX(view.brush[0], width), x1 = timeX(view.brush[1], width);
		pen.fillStyle = css("--accent");
		pen.globalAlpha = 0.25;
		pen.fillRect(x0, 0, x1 - x0, height);
		pen.globalAlpha = 1;
	}
	if (view.hover && !printing) {
		const x = Math.round(timeX(view.hover.t, width)) + 0.5;
		const text = `${(view.hover.t / 1e6).toFixed(3)} ms`, wide = pen.measureText(text).width;
		const at = Math.min(Math.max(x - wide / 2, left), width - wide - 4);
		pen.strokeStyle = css("--dim");
		pen.beginPath();
		pen.moveTo(x, TOP - 4);
		pen.lineTo(x, height);
		pen.stroke();
		pen.fillStyle = css("--page");
		pen.fillRect(at - 4, 0, wide + 8, TOP - 4);
		pen.fillStyle = css("--text");
		pen.fillText(text, at, 13);
	}
	pen.restore();
}

function draw() {
	if (!view.open)
		return;
	chooseRows();
	// Paper takes more pixels, and all lanes.
	const ratio = Math.max(devicePixelRatio || 1, printing ? 3 : 0);
	const width = printing ? Math.min(frame.clientWidth, PAPER) : frame.clientWidth;
	left = Math.round(Math.min(150, Math.max(90, width * 0.2)) * ratio) / ratio;
	const full = rowTop(view.rows.length - 1) + ROW + 8;
	const limit = printing ? PAPER * 1.2 : Math.max(200, Math.floor(innerHeight * 0.7) - 2);
	const height = Math.min(full, limit);
	space.style.height = `${printing ? height : full}px`;
	canvas.style.height = `${height}px`;
	canvas.style.width = `${width}px`;
	canvas.width = Math.round(width * ratio);
	canvas.height = Math.round(height * ratio);
	const pen = canvas.getContext("2d"), offset = frame.scrollTop;
	pen.scale(ratio, ratio);
	pen.font = FONT;
	const columns = Math.round((width - left) * ratio);
	const scale = (view.end - view.start) / columns;
	const drawRow = (row, y) => {
		const image = pen.createImageData(columns, Math.round(ROW * ratio));
		drawSpans(image, row.spans, view.start, scale, Math.round(view.start / scale) % 12);
		pen.putImageData(image, Math.round(left * ratio), Math.round(y * ratio));
		pen.fillStyle = css("--text");
		pen.font = view.selected && row.index === view.selected.lane ? `bold ${FONT}` : FONT;
		pen.fillText(row.label, 4, y + ROW / 2 + 4, left - 8);
		pen.font = FONT;
	};
	for (let i = 1; i < view.rows.length; i++) {
		const y = rowTop(i) - offset;
		if (y > headHeight() - ROW && y < height)
			drawRow(view.rows[i], y);
	}
	// Lanes were put as pixels, with the canvas's own cleared: lines go below.
	pen.globalCompositeOperation = "destination-over";
	drawAxis(pen, width, height);
	pen.globalCompositeOperation = "source-over";
	pen.fillStyle = css("--page");
	pen.fillRect(0, 0, width, headHeight() - 3);
	drawRow(view.rows[0], rowTop(0));
	drawOwners(pen, width, rowTop(0));
	drawAxis(pen, width, TOP + WAITERS - 6);
	drawWaiters(pen, width);
	drawSelected(pen, width, height, offset);
	drawMarks(pen, width, height, offset);
	drawLosses(pen, width, height);
	drawPointer(pen, width, height);
	drawOverview();
	saveView();
	document.getElementById("range").textContent =
		`${timeText(view.end - view.start)} shown, from ${timeText(view.start)} after the start`;
}
