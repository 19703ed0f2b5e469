// SPDX-License-Identifier: GPL-2.0
// What is drawn on top of the lanes: handoffs, requests to drop the lock, deaths,
// bindings, policies, and the selected wait with the holds that it was behind.

function drawArrow(pen, x0, y0, x1, y1) {
	const angle = Math.atan2(y1 - y0, x1 - x0);
	pen.beginPath();
	pen.moveTo(x0, y0);
	pen.lineTo(x1, y1);
	for (const turn of [-0.45, 0.45]) {
		pen.moveTo(x1, y1);
		pen.lineTo(x1 - 8 * Math.cos(angle + turn), y1 - 8 * Math.sin(angle + turn));
	}
	pen.stroke();
}

/* On top of a wider line of the page's colour, to be seen on every lane. */
function drawHandoff(pen, turn, width, offset, strong) {
	const x = timeX(turn.granted, width);
	const y0 = laneTop(turn.from) - offset + ROW / 2, y1 = laneTop(turn.lane) - offset + ROW / 2;
	if (Number.isNaN(y0 + y1))
		return;
	for (const [colour, wider] of [["--page", 2.5], ["--text", 0]]) {
		pen.strokeStyle = css(colour);
		pen.lineWidth = (strong ? 2.5 : 1) + wider;
		drawArrow(pen, x, y0, x, y1);
	}
	pen.lineWidth = 1;
}

function drawDrop(pen, t, lane, width, offset) {
	const x = timeX(t, width), y = laneTop(lane) - offset;
	pen.fillStyle = css("--text");
	pen.beginPath();
	pen.moveTo(x - 5, y - 5);
	pen.lineTo(x + 5, y - 5);
	pen.lineTo(x, y + 4);
	pen.fill();
}

/* The part of a row from one time to another, if any of it is in view. */
function boxOf(top, start, end, width) {
	const x0 = Math.max(left, timeX(start, width)), x1 = Math.min(width, timeX(end, width));
	return x1 < left || x0 > width || Number.isNaN(top) ? null :
		{x: x0, y: top, width: Math.max(2, x1 - x0), height: ROW};
}

function drawNumber(pen, number, box) {
	const x = box.x + box.width / 2, y = box.y + box.height / 2;
	pen.fillStyle = css("--page");
	pen.beginPath();
	pen.arc(x, y, Math.max(9, pen.measureText(number).width / 2 + 2), 0, 7);
	pen.fill();
	pen.stroke();
	pen.fillStyle = css("--text");
	pen.textAlign = "center";
	pen.fillText(number, x, y + 4);
	pen.textAlign = "left";
}

/* Makes an area pale except for some boxes. */
function makePale(pen, x, y, width, height, boxes) {
	pen.beginPath();
	pen.rect(x, y, width, height);
	for (const box of boxes)
		if (box)
			pen.rect(box.x, box.y, box.width, box.height);
	pen.globalAlpha = 0.6;
	pen.fillStyle = css("--page");
	pen.fill("evenodd");
	pen.globalAlpha = 1;
}

/* Outlines the selected wait and, numbered, the holds that it was behind; all
   the rest becomes pale. */
function drawSelected(pen, width, height, offset) {
	const turn = view.selected;
	if (!turn)
		return;
	const start = turn.requested, end = isWait(turn) ? turn.granted : endOf(turn);
	const own = boxOf(laneTop(turn.lane) - offset, start, end, width);
	const boxes = view.behind.map(({hold}, i) => ({number: i + 1,
		box: boxOf(laneTop(hold.lane) - offset, Math.max(hold.granted, start),
			Math.min(endOf(hold), end), width)})).filter(({box}) => box);
	const head = headHeight() - 3;
	makePale(pen, left, TOP + WAITERS, width - left, ROW, [boxOf(rowTop(0), start, end, width)]);
	pen.save();
	pen.beginPath();
	pen.rect(left, head, width - left, height);
	pen.clip();
	makePale(pen, left, 0, width - left, height, [own, ...boxes.map(({box}) => box)]);
	pen.lineWidth = 2;
	pen.strokeStyle = css("--text");
	for (const {box} of boxes)
		pen.strokeRect(box.x, box.y, box.width, box.height);
	if (own) {
		pen.lineWidth = 3;
		pen.strokeStyle = css("--accent");
		pen.strokeRect(own.x, own.y - 1, own.width, own.height + 2);
	}
	pen.lineWidth = 1;
	pen.strokeStyle = css("--text");
	let last = -Infinity;
	for (const {number, box} of boxes) {
		const x = box.x + box.width / 2;
		if (x - 20 < last)
			continue;
		drawNumber(pen, number, box);
		last = x;
	}
	pen.restore();
}

const SIGNS = {died: "✕", bound: "◆", unbound: "◇"};

/* Deaths and bindings on their lanes; a policy through all of them. */
function drawSigns(pen, width, height, offset) {
	const shown = view.open.marks.filter((mark) => mark.t >= view.start && mark.t <= view.end);
	if (shown.length > 4 * MARKS_MAX)
		return;
	// On top of what comes with it: who ends is unbound too.
	shown.sort((a, b) => (a.what === "died") - (b.what === "died"));
	for (const mark of shown) {
		const x = timeX(mark.t, width);
		pen.fillStyle = pen.strokeStyle = css(mark.what === "died" ? "--bad" : "--text");
		if (mark.what === "policy") {
			pen.setLineDash([2, 3]);
			pen.beginPath();
			pen.moveTo(x, headHeight() - 3);
			pen.lineTo(x, height);
			pen.stroke();
			pen.setLineDash([]);
			pen.lineWidth = 3;
			pen.strokeStyle = css("--page");
			pen.strokeText(`policy ${mark.policy}`, x + 3, headHeight() + 7);
			pen.fillText(`policy ${mark.policy}`, x + 3, headHeight() + 7);
			pen.lineWidth = 1;
			continue;
		}
		pen.textAlign = "center";
		pen.font = "bold 15px system-ui, sans-serif";
		pen.lineWidth = 3;
		pen.strokeStyle = css("--page");
		const y = laneTop(mark.thread) - offset + ROW / 2 + 5;
		pen.strokeText(SIGNS[mark.what], x, y);
		pen.fillText(SIGNS[mark.what], x, y);
		pen.textAlign = "left";
		pen.font = FONT;
		pen.lineWidth = 1;
	}
}

const MARKS_MAX = 60;

function drawMarks(pen, width, height, offset) {
	const {granted, grantedTimes, drops} = view.open;
	const first = lastAt(grantedTimes, view.start) + 1, last = lastAt(grantedTimes, view.end);
	pen.save();
	pen.beginPath();
	pen.rect(left, headHeight() - 5, width - left, 1e5);
	pen.clip();
	if (last - first < MARKS_MAX)
		for (let i = first; i <= last; i++)
			drawHandoff(pen, granted[i], width, offset, false);
	const from = lastAt(drops.times, view.start) + 1, to = lastAt(drops.times, view.end);
	if (to - from < MARKS_MAX)
		for (let i = from; i <= to; i++)
			drawDrop(pen, drops.times[i], drops.values[i], width, offset);
	for (const turn of view.hover ? view.hover.handoffs : [])
		drawHandoff(pen, turn, width, offset, true);
	drawSigns(pen, width, height, offset);
	pen.restore();
}
